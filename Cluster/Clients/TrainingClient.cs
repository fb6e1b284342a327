using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;

namespace Orleans.Tbptt.Cluster.Clients;

/// <summary>Trains on a cluster through an Orleans client, or from a program that hosts a silo.</summary>
public static class TrainingClient
{
    /// <summary>
    /// Names the messages of Orleans.Tbptt to a client that is a process apart from the silos, and allows messages of their size.
    /// </summary>
    /// <param name="client">The client; clustering is its own affair.</param>
    public static IClientBuilder AddTbptt(this IClientBuilder client)
    {
        client.Services.AddSerializer(serializer => serializer.AddAssembly(typeof(ICatalogGrain).Assembly));
        return client.Configure<ClientMessagingOptions>(messages => messages.MaxMessageBodySize = MessageLimits.LargestBody);
    }

    /// <summary>Submits a spec. The run continues on the silos whatever becomes of this client.</summary>
    /// <param name="client">The cluster.</param>
    /// <param name="spec">The spec; sizes that the data determine may be left out.</param>
    /// <param name="options">The run's ID and its priority; those of the record when left out.</param>
    /// <param name="cancellation">Cancels the wait for the answer; the run may have started, and <see cref="Run"/> finds it.</param>
    /// <returns>The run, once a silo has checked spec and data and written the run's directory.</returns>
    /// <exception cref="SpecException">The cluster refuses the spec; lists every mistake, and nothing was started.</exception>
    /// <exception cref="RunUnreachableException">No silo answered.</exception>
    public static Task<TrainingRun> TrainAsync(
        this IClusterClient client, RunSpec spec, TrainOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return SubmitAsync(client, new(SpecWriter.ToYaml(spec), $"{spec.Name}.yaml", "/"), spec.Name, options ?? new(), cancellation);
    }

    /// <summary>Submits a spec as somebody wrote it. A silo reads it, and the places of mistakes are those in the text.</summary>
    /// <inheritdoc cref="TrainAsync(IClusterClient, RunSpec, TrainOptions?, CancellationToken)"/>
    public static Task<TrainingRun> TrainAsync(
        this IClusterClient client, SpecText spec, TrainOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return SubmitAsync(client, spec, Path.GetFileNameWithoutExtension(spec.FileName), options ?? new(), cancellation);
    }

    /// <summary>A run that was submitted before, here or elsewhere. Asks no silo yet.</summary>
    public static TrainingRun Run(this IClusterClient client, RunId run)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new(client, run, "");
    }

    private static async Task<TrainingRun> SubmitAsync(
        IClusterClient client, SpecText spec, string name, TrainOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(client);
        var time = client.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System;
        var run = options.Run ?? RunId.Create(name, time.GetUtcNow(), RandomNumberGenerator.GetInt32(1 << 16));
        var request = new SubmitRequest(run, spec, options.Priority, ProtocolVersion.Current);
        // A repeated request finds the run of the first one, so that an answer that was lost does no harm.
        var catalog = client.GetGrain<ICatalogGrain>(0);
        var reply = await new PatientCalls(run, time).AskAsync(() => catalog.Submit(request), PatientCalls.Work, cancellation);
        return reply.Problems.Count == 0 ? new(client, run, reply.Directory) : throw new SpecException(reply.Problems);
    }
}

/// <summary>How a spec is submitted.</summary>
public sealed record TrainOptions
{
    /// <summary>The run's ID; null, the default, makes one from the spec's name and the time.</summary>
    public RunId? Run { get; init; }

    /// <summary>Where slots are scarce, runs of higher priority train first; −100 to 100, by default 0.</summary>
    public int Priority { get; init; }
}
