const LEAST_BEGINNING = 3;

/** The one of `choices` that a mistyped or cut word most likely meant; undefined when none is close. */
export function nearest(word: string, choices: Iterable<string>): string | undefined {
  const list = [...choices];
  return closest(word, list) ?? (word.length < LEAST_BEGINNING ? undefined : list.find((choice) => choice.toLowerCase().startsWith(word.toLowerCase())));
}

function closest(word: string, choices: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const choice of choices) {
    const distance = editDistance(word.toLowerCase(), choice.toLowerCase());
    if (distance < bestDistance) {
      best = choice;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean "x"?`, or nothing. */
export function didYouMean(word: string, choices: Iterable<string>): string {
  const choice = nearest(word, choices);
  return choice === undefined ? "" : `, did you mean "${choice}"?`;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + cost));
    }
    row = next;
  }
  return row[b.length]!;
}
