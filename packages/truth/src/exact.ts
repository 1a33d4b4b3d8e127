/*
 * The exponential and the logarithm from the four operations alone. JavaScript leaves the last bits
 * of Math.exp and Math.log to the machine; a policy fitted here must have the same bytes everywhere.
 * Both are right to about 1e-15 of their value.
 */
const ln2 = Math.LN2;

const terms = 15;
const reciprocals = Array.from({ length: terms + 1 }, (_, i) => (i === 0 ? 0 : 1 / i));

/** e^x for -700 <= x <= 700; beyond, the value at that end. */
export function exp(x: number): number {
  const bounded = Math.max(-700, Math.min(700, x));
  const halvings = Math.floor(bounded / ln2 + 0.5);
  const rest = bounded - halvings * ln2;
  let sum = 1;
  for (let i = terms; i >= 1; i -= 1) sum = 1 + rest * sum * (reciprocals[i] ?? 0);
  let power = 1;
  for (let i = 0; i < Math.abs(halvings); i += 1) power *= 2;
  return halvings >= 0 ? sum * power : sum / power;
}

/** The natural logarithm of a positive number. */
export function log(x: number): number {
  let scaled = x;
  let doublings = 0;
  while (scaled > Math.SQRT2) {
    scaled /= 2;
    doublings += 1;
  }
  while (scaled < Math.SQRT1_2) {
    scaled *= 2;
    doublings -= 1;
  }
  const z = (scaled - 1) / (scaled + 1);
  let sum = 0;
  for (let i = 41; i >= 1; i -= 2) sum = 1 / i + z * z * sum;
  return doublings * ln2 + 2 * z * sum;
}

/** The probability of log odds. */
export const probabilityOf = (logOdds: number): number => 1 / (1 + exp(-logOdds));

/** The log odds of a probability strictly between 0 and 1. */
export const logOddsOf = (probability: number): number => log(probability / (1 - probability));
