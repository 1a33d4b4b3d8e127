/** Edits (insert, delete, replace, swap neighbours) between two short words; used for hints only. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(i - 2, j - 2) + 1);
      }
      row.push(cost);
    }
  }
  return at(a.length, b.length);
}

const wordMax = 64;
const plain = (word: string): string => word.toLowerCase().replace(/[-_. ]/gu, "");

/** The names somebody who wrote `word` may have meant, closest first; at most `max`. */
export function nearest(word: string, names: Iterable<string>, max = 3): readonly string[] {
  const wanted = plain(word.slice(0, wordMax));
  const close: { name: string; far: number }[] = [];
  for (const name of names) {
    const candidate = plain(name);
    const part =
      wanted.length >= 4 && (candidate.includes(wanted) || wanted.includes(candidate)) ? 1 : 99;
    const far = Math.min(distance(wanted, candidate), part);
    if (far <= Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3))) {
      close.push({ name, far });
    }
  }
  close.sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1));
  const best = close[0]?.far ?? 0;
  const further = best <= 1 ? best : best + 1;
  return close
    .filter(({ far }) => far <= further)
    .slice(0, max)
    .map(({ name }) => name);
}

/** ``did you mean `grace`?`` or, when nothing is near, what there is to choose from. */
export function suggest(word: string, names: readonly string[]): string {
  const near = word === "" ? [] : nearest(word, names);
  if (near.length > 0) return `did you mean ${near.map((name) => `\`${name}\``).join(" or ")}?`;
  const listed = names.slice(0, 12).join(", ");
  if (names.length === 0) return "remove it";
  return `use one of: ${listed}${names.length > 12 ? ", …" : ""}`;
}
