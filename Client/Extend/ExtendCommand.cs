using System.Text.Json;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Client.Extend;

/// <summary>The arguments of <c>tbptt extend</c>.</summary>
internal sealed record ExtendRequest
{
    /// <summary>The run to extend: its ID, or any unambiguous part of it.</summary>
    public required string Run { get; init; }

    /// <summary>The data that grew; null where they are where the run's were.</summary>
    public string? Data { get; init; }

    /// <summary>Chunks before the new part that are trained on again.</summary>
    public int Replay { get; init; }

    /// <summary>Whether columns are scaled anew.</summary>
    public bool Refits { get; init; }

    /// <summary>Whether the new run waits for further rows, and trains on them as they are appended.</summary>
    public bool Follows { get; init; }

    /// <summary>Seconds without anything new after which such a run has completed; 0 for never.</summary>
    public int IdleSeconds { get; init; }

    /// <summary>How the new run is trained; its spec is made of that of the run that it extends.</summary>
    public required TrainRequest Train { get; init; }
}

/// <summary><c>tbptt extend</c>: trains a run that has completed further, as a new run, on data that grew since.</summary>
internal static class ExtendCommand
{
    /// <summary>Trains the new run, and returns the exit code.</summary>
    /// <exception cref="ClientException">There is no such run, or it has no end to begin with.</exception>
    /// <exception cref="SpecException">It cannot be extended so; nothing was started.</exception>
    public static Task<int> RunAsync(ConsoleContext context, ExtendRequest request)
    {
        var parent = new RunFiles(request.Train.Cluster.Runs, context.Time).Find(request.Run);
        string checkpoint = EndOf(parent);
        RunSpec spec = ReadSpec(parent.Directory), child = Child(spec, checkpoint, request);
        string[] sets = request.Data is { } data
            ? [$"data.source={JsonSerializer.Serialize($"{spec.Data.Source.Word}:{Path.GetFullPath(data)}")}", .. request.Train.Sets]
            : [.. request.Train.Sets];
        var text = new SpecText(SpecWriter.ToYaml(child), $"the spec of {parent.Directory.Id}", Environment.CurrentDirectory)
        {
            Sets = sets,
        };
        if (request.Train.Cluster.IsNamed)
        {
            var document = context.Checker.Read(text);
            Announce(context, request, parent, document.Spec!);
            return TrainCommand.OnClusterAsync(context, request.Train, document);
        }

        var resolved = context.Checker.Check(text);
        Announce(context, request, parent, resolved.Spec);
        return TrainCommand.OnLocalSilosAsync(context, request.Train, resolved);
    }

    /// <summary>The checkpoint of a run's end.</summary>
    private static string EndOf(RunInfo parent)
    {
        var (directory, status) = (parent.Directory, parent.Status);
        if (status.State != RunState.Completed)
        {
            string remedy = parent.IsResumable ? $"tbptt resume {directory.Id}" : $"tbptt wait {directory.Id}";
            throw new ClientException(
                $"run {directory.Id} cannot be extended: found it {parent.State} at step {Text.Count(status.Step)}, expected a run that "
                + $"has completed{(status.State == RunState.Diverged ? "" : $"; first: {remedy}")}", ExitCode.Failed);
        }

        if (directory.NewestCheckpoint is { } newest && new ExtendsSpec { Checkpoint = newest }.Step == status.Step)
            return Path.GetFullPath(newest);
        string found = directory.NewestCheckpoint is { } older ? $"checkpoint {Path.GetFileName(older)} as the newest" : "no checkpoint";
        throw new ClientException(
            $"run {directory.Id} cannot be extended: found {found} in {directory.Checkpoints}, expected one of its last step, "
            + $"{status.Step}, because the state of its optimizer is in no other file; put it back if somebody removed it; a run of a "
            + "former release that did not write it has to be trained again", ExitCode.Failed);
    }

    private static RunSpec ReadSpec(RunDirectory directory)
    {
        var document = SpecLoader.Parse(
            new(File.ReadAllText(directory.Spec), directory.Spec, directory.Path), filesMustExist: false);
        return document.Spec ?? throw new SpecException(document.Problems);
    }

    /// <summary>
    /// The spec of the new run: that of the run that it extends, for one epoch, in one lane where one stream continues, less what ended it.
    /// </summary>
    private static RunSpec Child(RunSpec spec, string checkpoint, ExtendRequest request)
    {
        bool isOneLane = spec.Data.IsStream && request.Replay == 0;
        if (request.Follows)
        {
            // Nothing is held out, so no epoch is the best; and each chunk makes an update as it comes.
            bool isBest = spec.Train.Output == OutputKind.Best;
            spec = spec with
            {
                Data = spec.Data with { ValidationFraction = 0, Validation = null, Test = null, Shuffle = false },
                Train = spec.Train with { Output = isBest ? OutputKind.Last : spec.Train.Output, Accumulate = 1 },
            };
        }

        return spec with
        {
            Model = spec.Model with { InitFrom = null, Rename = NameMap.None },
            Data = isOneLane ? spec.Data with { BatchSize = 1 } : spec.Data,
            Train = spec.Train with
            {
                Epochs = 1, Trainers = isOneLane ? 1 : spec.Train.Trainers, Shards = isOneLane ? null : spec.Train.Shards,
                Autoscale = isOneLane ? null : spec.Train.Autoscale, EarlyStopping = null,
            },
            Limits = null,
            Extends = new()
            {
                Checkpoint = checkpoint, Replay = request.Replay,
                Scaling = request.Refits ? ExtendedScaling.Refit : ExtendedScaling.Frozen,
                Follow = request.Follows, IdleSeconds = request.IdleSeconds,
            },
        };
    }

    /// <summary>Says what the new run begins with, and what it has otherwise than the run that it extends.</summary>
    private static void Announce(ConsoleContext context, ExtendRequest request, RunInfo parent, RunSpec spec)
    {
        var output = RunViews.Messages(context.Terminal, request.Train.Output);
        output.WriteLine($"extends  run {parent.Directory.Id} after step {Text.Count(parent.Status.Step)}, on "
            + string.Join(", ", spec.Data.Source.Paths.Select(Text.OneLine)));
        output.WriteLine($"scaling  {(spec.Extends!.Scaling == ExtendedScaling.Refit
            ? "refit: columns are scaled anew, by all rows to train on" : "frozen: columns are scaled as in that run")}");
        output.WriteLine($"begins   {(spec.Extends.Replay > 0
            ? $"{Text.Plural(spec.Extends.Replay, "chunk")} before the new part, from hidden state zero"
            : $"with the new part, from the hidden state at the end of that run{(spec.Data.IsStream ? ", in one lane" : "")}")}");
        if (spec.Extends.Follow)
        {
            string end = spec.Extends.IdleSeconds > 0 ? $"after {Text.Plural(spec.Extends.IdleSeconds, "second")} without rows"
                : "when it is stopped";
            output.WriteLine($"follows  the file: each row is trained on once, a whole chunk of {spec.Tbptt.ChunkLength} at a time; "
                + $"nothing is held out; ends {end}");
        }
    }
}
