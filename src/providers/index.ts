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
export { createTranscriber, type Recording, type Transcriber, type Transcript } from "./transcriber.ts";
