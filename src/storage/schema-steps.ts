import { migrations } from "./sqlite/migrations.ts";

/** The version of the database's form: as many steps as have to be taken from an empty one. */
export const schemaSteps = migrations.length;
