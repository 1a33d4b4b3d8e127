/** Longer texts are no slip of the pen. */
const lengthMax = 80;

function distance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, changed));
    }
    before = row;
  }
  return before[b.length] ?? 0;
}

/** The word meant, if one is within a third of its length in single-letter changes. */
export function nearest(text: string, words: readonly string[]): string | null {
  if (text.length > lengthMax) return null;
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const word of words) {
    const changes = distance(text, word);
    if (changes < least && changes <= word.length / 3) {
      best = word;
      least = changes;
    }
  }
  return best;
}
