/** Which devices may connect, as what, and with which tokens. */
export type {
  Approver,
  Arrival,
  Decision,
  DeviceAbout,
  DeviceChange,
  DeviceRole,
  Devices,
  Entrance,
  Grant,
  NodeSurface,
  PairedDevice,
  PairingRequest,
  Proof,
  Surface,
  SurfaceRequest,
} from "./devices.ts";
export { createDevices, type DevicesOptions } from "./create-devices.ts";
export { scopesToApprove } from "./surface.ts";
