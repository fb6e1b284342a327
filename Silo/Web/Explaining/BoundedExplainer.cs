using System.Globalization;
using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Training.Explaining;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Silo.Web.Explaining;

/// <summary>What is behind a step, or why this silo does not say so.</summary>
/// <param name="Step">What is behind it; null where it is not said.</param>
/// <param name="Spec">The run's spec.</param>
/// <param name="Problem">Why not, in words, and what to do; empty where it is said.</param>
/// <param name="Status">The HTTP status.</param>
internal sealed record StepAnswer(StepExplanation? Step, RunSpec? Spec, string Problem, int Status);

/// <summary>Explains a step where that takes bounded memory and time, and else says what would do it.</summary>
/// <param name="reader">Reads specs.</param>
/// <param name="roots">Where data may lie; null for anywhere.</param>
internal sealed class BoundedExplainer(SpecReader reader, DataRoots? roots)
{
    /// <summary>Bytes of data that are read for it at most.</summary>
    public const long MostData = 256L << 20;

    /// <summary>Parameters of all shards at most: state, optimizer and gradients are a few times as many numbers.</summary>
    public const long MostParameters = 16L << 20;

    /// <summary>Parameters × time steps of all lanes of one step at most, because a step that has begun is completed.</summary>
    public const long MostWork = 2_000_000_000;

    /// <summary>It is given up after so long: the nearest checkpoint may be many steps before.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromSeconds(30);

    /// <summary>Explains a step. Blocks.</summary>
    /// <param name="run">The run.</param>
    /// <param name="step">The step, from 1.</param>
    /// <param name="last">The run's last step.</param>
    /// <param name="limit">Its time is over.</param>
    /// <param name="gone">Nobody waits for it any more.</param>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public StepAnswer Explain(RunDirectory run, long step, long last, CancellationToken limit, CancellationToken gone = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit, gone);
        try
        {
            if (TooMuchData(run) is { } much)
                return Refuse(run, step, much);
            using var replay = RunReplay.Open(run, new() { Reader = reader, Roots = roots, KeepsTimes = true });
            if (TooMuchWork(replay.Spec) is { } large)
                return Refuse(run, step, large);
            return new(StepExplainer.Explain(replay, step, last, new(), either.Token), replay.Spec, "", StatusCodes.Status200OK);
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            return Refuse(run, step, "found no checkpoint near enough, expected one from which the steps take "
                + $"{MostTime.TotalSeconds:0} s at most");
        }
        catch (Exception error) when (error is ReplayException or IOException or UnauthorizedAccessException)
        {
            return new(null, null, Text.OneLine(error.Message), StatusCodes.Status422UnprocessableEntity);
        }
    }

    /// <summary>What a user does in the place of this, in words.</summary>
    public static string Instead(RunDirectory run, long step) => $"use 'tbptt explain {run.Id} --step {step}'";

    /// <summary>Why a step of a spec takes too much memory or time, in words; null where it does not.</summary>
    internal static string? TooMuchWork(RunSpec spec)
    {
        long parameters = ParameterLayout.Of(spec.Model).Length, all = parameters * spec.Train.ShardCount;
        if (all > MostParameters)
            return $"found {Text.Count(all)} parameters of all shards, expected {Text.Count(MostParameters)} at most on a silo";
        if (spec.Tbptt.LongestStep is not { } length)
            return "found chunks that are as long as their sequences, expected on a silo a length that the spec says";
        double work = (double)parameters * spec.Data.BatchSize * length;
        return work <= MostWork ? null : string.Create(CultureInfo.InvariantCulture,
            $"found a step of {work:N0} parameters × time steps, expected {MostWork:N0} at most on a silo");
    }

    private static string? TooMuchData(RunDirectory run)
    {
        long bytes = File.Exists(run.Data) ? RunJson.ReadData(File.ReadAllText(run.Data)).Files.Sum(file => file.Length) : 0;
        return bytes <= MostData ? null : $"found {Text.Count(bytes)} bytes of data, expected {Text.Count(MostData)} at most on a silo";
    }

    private static StepAnswer Refuse(RunDirectory run, long step, string problem) =>
        new(null, null, $"{problem}: {Instead(run, step)}", StatusCodes.Status422UnprocessableEntity);
}
