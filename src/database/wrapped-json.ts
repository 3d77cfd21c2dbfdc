// JSON out of query_to_xml, the one function of PostgreSQL's own that runs a query which it is given as text.

/** The value in the column `rows` of the query's first row; null where it gave no row, or NULL. */
export function unwrap<T>(xml: string | null): T | null {
  const start = xml?.indexOf('<rows>') ?? -1;
  if (xml === null || start < 0) return null;
  const json = xml
    .slice(start + '<rows>'.length, xml.lastIndexOf('</rows>'))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#x0d;', '\r')
    .replaceAll('&amp;', '&');
  return JSON.parse(json) as T;
}
