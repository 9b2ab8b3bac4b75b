import { Type } from "@sinclair/typebox";
import { accountParams } from "../account-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const channelsLogout = defineMethod({
  name: "channels.logout",
  summary: "Closes an account and takes its tokens out of the settings file; the platform is not told.",
  scope: "operator.admin",
  effect: "idempotent",
  route: { verb: "POST", path: "/channels/{channel}/logout" },
  params: Type.Object(
    { ...accountParams, account: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })) },
    closed,
  ),
  result: Type.Object({
    channel: Type.String(),
    account: Type.String(),
    cleared: Type.Boolean({ description: "A token stood in the file, and stands there no more." }),
    fromEnvironment: Type.Boolean({ description: "A variable still gives it one." }),
    loggedOut: Type.Boolean({ description: "It has no token any more." }),
  }),
  handle: async ({ channel, account = "default" }, { services: { accounts, config } }) => {
    await accounts.stop({ channel, account });
    const sources = new Map<string, string>();
    for (const path of accounts.tokenPaths({ channel, account })) {
      const source = config.explain(path).find((one) => one.path === path && one.value !== undefined)?.source;
      if (source !== undefined) sources.set(path, source);
    }
    const inFile = [...sources].filter(([, source]) => source === "file");
    for (const [path] of inFile) await config.unset(path);
    const fromEnvironment = [...sources.values()].includes("environment");
    return { channel, account, cleared: inFile.length > 0, fromEnvironment, loggedOut: inFile.length === sources.size };
  },
});
