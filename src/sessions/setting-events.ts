import { fault, type SessionEvent } from "#protocol";
import { type SessionSettings, withSetting } from "./summary.ts";

export type SettingsChange = { readonly [Name in keyof SessionSettings]?: SessionSettings[Name] | null };

/** One `StateChanged` for each setting that is another one afterwards; `null` unsets. */
export function settingEvents(settings: SessionSettings, change: SettingsChange): readonly SessionEvent[] {
  const before: Readonly<Record<string, unknown>> = settings;
  return Object.entries(change).flatMap(([key, value]): SessionEvent[] => {
    if (value === undefined || value === (before[key] ?? null)) return [];
    const after: Readonly<Record<string, unknown>> = withSetting(settings, key, value);
    if ((after[key] ?? null) !== value) throw fault.invalidParams({ path: key, problem: "not a setting of a session" });
    return [{ kind: "StateChanged", key, value }];
  });
}
