/** The known name that somebody may have meant. */

/** The nearest of `known`: at most a third of its letters differ, at least one may; two that are swapped count as one. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const length = [...name].length;
  if (length > 100) return undefined;
  const allowed = Math.max(1, Math.floor(length / 3));
  let best: string | undefined;
  let least = allowed + 1;
  for (const candidate of known) {
    const distance = swapDistance([...name], [...candidate]);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** "did you mean `x`?", else what is known. */
export function suggestion(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant !== undefined) return `did you mean \`${meant}\`?`;
  return known.length === 0 ? "there are none" : `known are: ${known.join(", ")}`;
}

/** Levenshtein distance with swaps of neighbours ("optimal string alignment"). */
function swapDistance(a: string[], b: string[]): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
