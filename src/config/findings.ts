import { clip, nearest } from "#base";

const mostListed = 20;
const mostFound = 200;
const longestFinding = 500;

/** What is wrong, or worth saying, about the settings: one line each, for a person, and bounded however bad the input is. */
export class Findings {
  readonly #lines: string[] = [];
  #total = 0;

  add(line: string): void {
    this.#total++;
    if (this.#lines.length < mostFound) this.#lines.push(clip(line, longestFinding));
  }

  get isEmpty(): boolean {
    return this.#total === 0;
  }

  list(): readonly string[] {
    const shown = this.#lines.slice(0, mostListed);
    return this.#total > shown.length ? [...shown, `and ${this.#total - shown.length} more`] : shown;
  }

  sentence(): string {
    const lines = this.list();
    if (this.#total === 1) return `The configuration is not valid: ${lines[0] ?? ""}.`;
    return [`The configuration has ${this.#total} problems:`, ...lines.map((line) => `  ${line}`)].join("\n");
  }
}

export function didYouMean(typed: string, known: readonly string[]): string {
  const near = nearest(typed, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
}
