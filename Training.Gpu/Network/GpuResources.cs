using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>What the parts of a network share.</summary>
/// <param name="Device">Has the memory.</param>
/// <param name="Launcher">What is to be done goes there.</param>
/// <param name="Inbound">What a chunk brings goes there, before its commands.</param>
/// <param name="Batch">What a chunk's batch alone says goes there, with the chunk or ahead of it.</param>
/// <param name="Parameters">The parameters.</param>
/// <param name="Gradients">Their gradient.</param>
internal sealed record GpuResources(
    IAccelerator Device, Launcher Launcher, Inbound Inbound, BatchInbound Batch, GpuParameters Parameters, GpuParameters Gradients);
