/** `delivery-date` and `queueWaitSeconds` as people write them: `Delivery date`, `Queue wait`. */
export function wordsOf(name: string): string {
  const spaced = name
    .replace(/(?:Seconds|Ref|At)$/, "")
    .replace(/[-_.]+/g, " ")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** Numbers the desk itself gave mean nothing to anybody. */
const isOurNumber = (key: string): boolean => /^(?:desk|recovery)-/.test(key);

/** A promise by its template and the key behind the slash. */
export function titleOf(promiseId: string, template: string, term: number): string {
  const own = promiseId.startsWith(`${template}/`) ? promiseId.slice(template.length + 1) : "";
  const key = isOurNumber(own) ? "" : own;
  const again = term > 1 ? `, date ${term}` : "";
  return `${wordsOf(template)}${key === "" ? "" : ` · ${key}`}${again}`;
}
