/** Model APIs as event streams, one entry each. */
export { providers } from "./list.ts";
export { createModels, type ModelInfo, type ModelRow, type Models, type Resolved } from "./models.ts";
export type {
  ModelDone,
  ModelEvent,
  ModelPart,
  ModelProblem,
  ModelRequest,
  ModelStop,
  OpenSettings,
  Provider,
  ProviderKind,
  Surroundings,
  ToolSpec,
} from "./provider.ts";
export { modelsSettings, type ModelsSettings } from "./settings.ts";
export { createTranscriber, type Transcriber } from "./transcriber.ts";
export type { Recording, Transcript } from "./transcription/recording.ts";
