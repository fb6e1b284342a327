using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>Makes a trainer's replica: <see cref="Engine.Open"/>.</summary>
/// <param name="spec">The run's spec, every size known.</param>
/// <param name="device">Its device.</param>
internal delegate IReplica OpenReplica(RunSpec spec, DeviceName device);
