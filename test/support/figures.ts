/** Of numbers measured, what people ask for: the middle, the tail and the worst. */
export function distribution(all: readonly number[], unit: string): string {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number): string => {
    const place = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
    return `${Math.round(sorted[place] ?? 0)}`;
  };
  return `${sorted.length} times: median ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, longest ${at(1)} ${unit}`;
}
