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
        RunReplay? replay = null;
        try
        {
            replay = RunReplay.Open(run, new()
            {
                Reader = reader, Roots = roots, KeepsTimes = true, BeforeData = (spec, born) => Ensure(run, step, spec, born),
            });
            either.Token.ThrowIfCancellationRequested();
            return ExplanationLimits.ProblemOf(replay.Spec, replay.Data) is { } problem
                ? new(null, null, Refusal(run, step, problem), StatusCodes.Status422UnprocessableEntity)
                : new(StepExplainer.Explain(replay, step, last, new(), either.Token), replay.Spec, "", StatusCodes.Status200OK);
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            string late = $"found the time over while {Doing(replay)}, expected {MostTime.TotalSeconds:0} s at most for all of it";
            return new(null, null, Refusal(run, step, late), StatusCodes.Status422UnprocessableEntity);
        }
        catch (Exception error) when (error is ReplayException or IOException or UnauthorizedAccessException)
        {
            return new(null, null, Text.OneLine(error.Message), StatusCodes.Status422UnprocessableEntity);
        }
        finally
        {
            replay?.Dispose();
        }
    }

    /// <summary>What a user does in the place of this, in words.</summary>
    public static string Instead(RunDirectory run, long step) => $"use 'tbptt explain {run.Id} --step {step}'";

    /// <summary>What was cancelled, in words.</summary>
    /// <param name="replay">The run; null, or without a state, while its data were read.</param>
    internal static string Doing(RunReplay? replay) => replay is not { HasState: true } ? "reading the run's data"
        : replay.IsEvaluating ? $"evaluating what is held out at the end of epoch {replay.Next.Epoch + 1}"
        : $"computing the steps from {(replay.From is { } name ? $"checkpoint {name}" : "the run's first state")} on";

    /// <summary>Refuses what will be refused anyway before the data are read, which cannot be cancelled.</summary>
    /// <exception cref="ReplayException">It is; says why, and what to do.</exception>
    private static void Ensure(RunDirectory run, long step, RunSpec spec, RunData born)
    {
        StepExplainer.EnsureExplainable(run.Id, spec);
        if (ExplanationLimits.ProblemOf(spec, born) is { } problem)
            throw new ReplayException(Refusal(run, step, problem));
    }

    private static string Refusal(RunDirectory run, long step, string problem) => $"{problem}: {Instead(run, step)}";
}
