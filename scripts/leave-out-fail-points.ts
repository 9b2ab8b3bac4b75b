/** As they must be spelled, so that none is overlooked; a test reads all of them. */
export const failPointCall = /\bfailPoint\("([\w.]+)"\)/g;

/**
 * Takes the fail-points out of what is built: each call becomes `false`, in the same number of columns, so that source
 * maps stay right, and the bundler drops what is left of it.
 */
export const leaveOutFailPoints: Bun.BunPlugin = {
  name: "leave out fail-points",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const contents = await Bun.file(path).text();
      return { contents: contents.replaceAll(failPointCall, (call) => "false".padEnd(call.length)), loader: "ts" };
    });
  },
};
