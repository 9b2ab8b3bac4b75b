/** A value as it was typed: JSON, else a TOML value such as `0x10` or `'text'`, else the text itself. */
export function parseSetting(text: string): unknown {
  for (const parse of [parseJson, parseToml]) {
    const parsed = parse(text);
    if (parsed.isValue) return parsed.value;
  }
  return text;
}

type Attempt = { readonly isValue: true; readonly value: unknown } | { readonly isValue: false };

function parseJson(text: string): Attempt {
  try {
    return { isValue: true, value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { isValue: false };
    throw error;
  }
}

/** Only what is a value by itself: a line break would begin another setting. */
function parseToml(text: string): Attempt {
  if (/[\r\n]/.test(text) || text.trim() === "") return { isValue: false };
  try {
    const parsed: unknown = Bun.TOML.parse(`value = ${text}`);
    const isAlone = typeof parsed === "object" && parsed !== null && "value" in parsed;
    return isAlone && Object.keys(parsed).length === 1 ? { isValue: true, value: parsed.value } : { isValue: false };
  } catch (error) {
    if (error instanceof Error) return { isValue: false };
    throw error;
  }
}
