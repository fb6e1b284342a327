using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>Checks a sweep that came in a message, and writes its directory. Blocks.</summary>
internal sealed class SweepSubmission(SweepStore store, RunDataCache data, DataRoots roots)
{
    /// <summary>Takes a sweep in.</summary>
    /// <param name="request">What is asked for. A client is not to be trusted.</param>
    /// <param name="first">The first status, without what the sweep says.</param>
    public SubmitReply Take(SweepRequest request, SweepStatus first)
    {
        var document = Read(request.Text);
        if (document.Spec is not { } sweep)
            return new(document.Problems, "");
        if (FindProblem(request.Sweep, sweep) is { Count: > 0 } problems)
            return new(problems, "");
        return store.Create(request.Text, SweepReport.First(sweep, first)) switch
        {
            RunBirth.TakenByAnother => new([new("", $"id '{request.Sweep}', which is taken", "one that no run and no other sweep has",
                "submit under another id")], ""),
            var birth => new([], first.Directory, Reattached: birth == RunBirth.AlreadyThere),
        };
    }

    private SweepDocument Read(SweepText? text)
    {
        try
        {
            if (text is null || SubmissionCheck.Shape(text.Sweep) is not null
                || (text.Base is { } named && SubmissionCheck.Shape(named) is not null))
            {
                return new(null, [SubmissionCheck.Shape(text?.Sweep) ?? SubmissionCheck.Shape(text?.Base)!], text!);
            }

            return store.Reader.Parse(text);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // A list arrives as whatever type the sender chose, and some of those fail when they are read.
            return new(null, [new("", "a message that cannot be read", "the text of a sweep", "submit it with tbptt")], text!);
        }
    }

    /// <summary>What is wrong with the data of the spec that is varied, or with the figure that trials are compared by.</summary>
    private IReadOnlyList<SpecProblem> FindProblem(RunId id, SweepSpec sweep)
    {
        var document = SubmissionCheck.Read(sweep.Base, roots, store.Runs.Reader);
        if (document.Spec is not { } spec)
            return document.Problems;
        try
        {
            using var lease = data.Acquire(id, spec);
            bool isHeldOut = lease.Data.HeldOut(HeldOutPart.Validation) is not null;
            return sweep.Objective.Metric is { } metric && metric.StartsWith("validation", StringComparison.Ordinal) && !isHeldOut
                ? [new("objective.metric", metric, $"{SweepObjective.TrainingLoss}, because the spec holds nothing out",
                    "hold something out: data.validationFraction")]
                : [];
        }
        catch (SpecException e)
        {
            return [.. e.Problems.Select(document.Locate)];
        }
    }
}
