import { gatewaySettings } from "#http";
import { Type } from "@sinclair/typebox";

/**
 * What a client of the gateway reads of the settings. That it is all of the schema keeps the rest from mattering to it: the
 * key of a model may come from a variable that only the gateway's environment has.
 */
export const ClientSettings = Type.Object({ gateway: gatewaySettings });
