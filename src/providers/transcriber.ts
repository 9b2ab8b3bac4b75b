import { type Log, pause, systemClock } from "#base";
import { placeOf } from "./models.ts";
import type { Surroundings } from "./provider.ts";
import type { ModelsSettings } from "./settings.ts";
import type { Recording, Transcript } from "./transcription/recording.ts";

/** Has recordings written down. */
export interface Transcriber {
  /** By the model of this id, `provider/model`. Rejects only when the signal aborts, and for a bug. */
  transcribe(
    recording: Recording,
    asked: { readonly model: string; readonly language?: string; readonly signal: AbortSignal },
  ): Promise<Transcript>;
}

/** The providers' settings are read anew each time; what a model is asked with is loaded with the first recording. */
export function createTranscriber(options: {
  readonly settings: () => ModelsSettings;
  readonly log: Log;
  /** Only a test brings its own. */
  readonly surroundings?: Partial<Surroundings>;
}): Transcriber {
  const surroundings: Surroundings = { log: options.log, clock: systemClock, pause, ...options.surroundings };
  return {
    async transcribe(recording, { model: id, ...asked }) {
      const { providers } = options.settings();
      const place = placeOf(id, providers);
      const mine = place && providers[place.providerId];
      if (!place || !mine) return { heard: false, because: `There is no model “${id}”: its provider is not set.` };
      if (mine.api !== "openai-completions") {
        return { heard: false, because: `${place.providerId} cannot write recordings down: it speaks ${mine.api}.` };
      }
      const { askForWords } = await import("./transcription/ask-for-words.ts");
      const settings = { ...mine, id: place.providerId };
      return askForWords(settings, { recording, model: place.modelId, ...asked }, surroundings);
    },
  };
}
