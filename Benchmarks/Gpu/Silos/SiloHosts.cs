using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Benchmarks.Gpu.Silos;

/// <summary>Silos of a cluster of this machine, without the silo program: what a run needs, and no pages.</summary>
internal static class SiloHosts
{
    /// <summary>Trainers that a silo takes.</summary>
    public const int Slots = 2;

    /// <summary>Makes a silo.</summary>
    /// <param name="store">The run store.</param>
    /// <param name="port">Its port for silos.</param>
    /// <param name="gateway">Its port for clients.</param>
    /// <param name="primary">The port of the silo that has the membership; null where it is this one.</param>
    /// <param name="target">The GPU that it offers; null for its CPU.</param>
    public static IHost Create(string store, int port, int gateway, int? primary, Target? target)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(
                port, gateway, primary is { } other ? new IPEndPoint(IPAddress.Loopback, other) : null, "tbptt", "tbptt");
            silo.Configure<ClusterMembershipOptions>(membership =>
            {
                membership.ProbeTimeout = TimeSpan.FromSeconds(1);
                membership.NumMissedProbesLimit = 3;
                membership.NumVotesForDeathDeclaration = 1;
            });
            silo.AddTbptt(options =>
            {
                (options.RunsDirectory, options.Slots) = (store, Slots);
                options.Device = target?.Device ?? DeviceName.Cpu;
                options.GrainDirectory = new AdoNetGrainDirectory(
                    SqliteFactory.Instance, $"Data Source={Path.Combine(store, "directory.db")};Pooling=False", "tbptt");
            });
            if (target is not { IsEmulated: true })
                return;
            silo.Services.AddSingleton<FindDevices>(_ => new(CudaDevices: 1 + target.Device.CudaIndex!.Value));
            silo.Services.AddSingleton<OpenReplica>(
                (spec, device) => device.CudaIndex is null ? Engine.Open(spec, device) : target.Open(spec.Model, spec.Train.Loss));
        });
        return builder.Build();
    }
}
