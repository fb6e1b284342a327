using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Transport.Messages;
using Orleans.Tbptt.Grains.Transport.Tcp;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>What a coordinator works with on its silo.</summary>
internal sealed record RunServices(
    RunStore Store, CheckpointStore Checkpoints, RunDataCache Data, IGrainFactory Grains, ClusterView Cluster, MembershipWatch Membership,
    SiloOccupants Occupants, ExchangeClient Exchanges, ChannelDialer Channels, IOptions<TbpttGrainsOptions> Options, TrainingInstruments Instruments,
    TimeProvider Time, ILoggerFactory Loggers);
