import { bench, group } from "mitata";
import { discordMessages, parseMarkdown, split } from "#markup";

const section = `## What changed

The **reader** now takes *one* line at a time, see [the notes](https://example.com/notes) and \`read()\`:

- it is faster, and needs less memory
- it reports _where_ a line is wrong

\`\`\`ts
for await (const line of lines) {
  if (line === "") continue;
}
\`\`\`

> Nothing else has to change. Old files are read as before.

`;

export function benchMarkup(): void {
  group("markup, an answer of 4 kB", () => {
    const answer = section.repeat(Math.ceil(4_096 / section.length));
    const markup = parseMarkdown(answer);
    bench("parse", () => parseMarkdown(answer));
    bench("parse and split at 2,000", () => split(parseMarkdown(answer), { most: 2_000 }));
    bench("split and write for Discord", () => discordMessages(markup));
  });
}
