// JSON whose text does nothing to a terminal that shows it: controls and what hides or reorders are escaped. Pure.

// C1 controls, DEL, and what is invisible or reorders what stands around it; JSON.stringify escapes the others.
// `##[` and `##vso[` are commands to Azure's runner wherever they stand in a line.
const hidden =
  /[\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\uddef]|(?<=#)#(?=\[|vso\[|teamcity\[)/gi;

/** `value` as JSON.stringify writes it, in printable characters. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(hidden, (found) =>
    Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
