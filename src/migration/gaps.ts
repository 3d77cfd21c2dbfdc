// Version numbers that nothing has. Only a remark for `status`: a gap is allowed.
/** From here on a version is a date or a time, not a count: 20261122 has eight digits. */
const smallestDate = 10_000_000n;

/**
 * The ranges of numbers missing between neighbouring versions, as `4` or `4-7`. None between versions
 * that are dates or times, and none where every version is a multiple of ten: those leave room on purpose.
 */
export function gaps(of: readonly { readonly version: bigint }[]): string[] {
  const counted = of.map(({ version }) => version).filter((version) => version < smallestDate);
  if (counted.every((version) => version % 10n === 0n)) return [];
  counted.sort((a, b) => (a < b ? -1 : 1));
  return counted.flatMap((version, i) => {
    const first = (counted[i - 1] ?? version) + 1n;
    const last = version - 1n;
    if (first > last) return [];
    return first === last ? [`${first}`] : [`${first}-${last}`];
  });
}
