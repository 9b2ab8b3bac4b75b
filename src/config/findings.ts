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
    return this.#told("The configuration is not valid", `The configuration has ${this.#total} problems`);
  }

  /** The same about a change that is not made. */
  refusal(): string {
    return this.#told("Nothing was changed", `Nothing was changed, because of ${this.#total} problems`);
  }

  #told(ofOne: string, ofMany: string): string {
    const lines = this.list();
    if (this.#total === 1) return `${ofOne}: ${lines[0] ?? ""}.`;
    return [`${ofMany}:`, ...lines.map((line) => `  ${line}`)].join("\n");
  }
}

export function didYouMean(typed: string, known: readonly string[]): string {
  const near = nearestName(typed, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** The known name that was meant: letters that changed places are the commonest slip, and two edits apart. */
export function nearestName(typed: string, known: readonly string[]): string | undefined {
  return known.find((name) => name.length > 2 && lettersOf(name) === lettersOf(typed)) ?? nearest(typed, known);
}

function lettersOf(name: string): string {
  return Array.from(name.slice(0, 64).toLowerCase()).toSorted().join("");
}
