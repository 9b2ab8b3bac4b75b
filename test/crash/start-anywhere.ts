import { type GatewayProcess, type GatewaySetup, startGateway } from "../support/gateway-process.ts";

/** Ports are looked for and then taken; where somebody else was quicker, another one is looked for. */
export async function startAnywhere(setup: GatewaySetup): Promise<GatewayProcess> {
  for (let tries = 1; ; tries++) {
    try {
      return await startGateway(setup);
    } catch (error) {
      if (tries === 5 || !/Port \d+ is taken/.test(String(error))) throw error;
    }
  }
}
