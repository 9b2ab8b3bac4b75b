import type { Log } from "#base";
import type { Hearing } from "#gateway";
import { createTranscriber, type ModelsSettings } from "#providers";
import type { AudioSettings } from "#tools";

/** Has recordings written down by the models that the settings name, one after the other until one can. */
export function createHearing(options: {
  readonly settings: () => AudioSettings;
  readonly models: () => ModelsSettings;
  readonly log: Log;
}): () => Hearing | undefined {
  const transcriber = createTranscriber({ settings: options.models, log: options.log });
  return () => {
    const { enabled, model, models, maxBytes, timeoutSeconds, language } = options.settings();
    const asked = [...(model === undefined ? [] : [model]), ...models];
    if (!enabled || asked.length === 0) return undefined;
    return {
      mostBytes: maxBytes,
      async hear(recording, closing) {
        const timeout = AbortSignal.timeout(timeoutSeconds * 1_000);
        const signal = AbortSignal.any([closing, timeout]);
        const problems: string[] = [];
        try {
          for (const id of asked) {
            const wanted = { model: id, signal, ...(language !== undefined && { language }) };
            const transcript = await transcriber.transcribe(recording, wanted);
            if (transcript.heard) return transcript;
            problems.push(transcript.because);
          }
        } catch (error) {
          closing.throwIfAborted();
          if (!timeout.aborted) throw error;
          problems.push(`It took longer than ${timeoutSeconds} seconds.`);
        }
        return { heard: false, because: problems.join(" ") };
      },
    };
  };
}
