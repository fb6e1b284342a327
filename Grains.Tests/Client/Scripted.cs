using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Events and a spec to play with.</summary>
internal static class Sample
{
    public static readonly RunId Run = RunId.Parse("wave-1");

    public static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    public static readonly RunSpec Spec = new()
    {
        Name = "wave",
        Engine = new AutoEngine(),
        Model = new() { Cell = new LstmCell(), HiddenSize = 4, InputSize = 1, OutputSize = 1 },
        Data = new() { Source = new SineSource(), BatchSize = 20 },
        Tbptt = new() { ChunkLength = 10 },
        Train = new() { Epochs = 2, Loss = new SquaredError(), Optimizer = new Adam { Lr = 0.01 } },
    };

    public static RunStarted Started(int generation = 1) => new()
    {
        Run = "wave-1", Name = "wave", Epochs = 2, StepsPerEpoch = 2, Trainers = 1, Lanes = 20, Parameters = 12_345,
        Directory = "/runs/wave-1", Generation = generation,
    };

    public static StepCommitted Step(long step, double loss = 0.5) => new()
    {
        Step = step, Epoch = (int)((step - 1) / 2) + 1, Loss = loss, GradientNorm = 1, LearningRate = 0.01, Weight = 200, Seconds = 0.1,
    };

    public static EpochFinished Epoch(int epoch, double loss, double? validation = null, params Metric[] metrics) => new()
    {
        Epoch = epoch, Step = epoch * 2, Loss = loss, ValidationLoss = validation, Metrics = metrics, Seconds = 1.25,
    };

    public static RunStarted Resumed(int generation, long step, params string[] passedOver) =>
        Started(generation) with { Step = step, Checkpoint = $"{generation - 1}-{step}", PassedOver = passedOver };

    public static RunPaused Paused(long step) => new() { Step = step, Reason = "paused by 'tbptt pause'" };

    public static RunEnded Ended(RunState state, string message = "") => new()
    {
        State = state, Message = message, Step = 4, Seconds = 3.5, Model = state == RunState.Completed ? "/runs/wave-1/model.safetensors"
            : null,
    };

    public static RunStatus Status(RunState state, string id = "wave-1") => new()
    {
        Id = id, Name = "wave", State = state, Epoch = 1, Epochs = 2, Step = 1200, Loss = 0.25, Directory = $"/runs/{id}",
        SubmittedAt = Noon, UpdatedAt = Noon,
    };

    /// <summary>The events as a journal has them: numbered from 1.</summary>
    public static IReadOnlyList<string> Lines(params RunEvent[] events) =>
        [.. events.Select((item, index) => RunJson.Write(item with { Number = index + 1 }))];
}

/// <summary>Remembers what a watcher reported to it.</summary>
internal sealed class RecordingView : IRunView
{
    public List<string> Lines { get; } = [];

    public List<RunEvent?> Events { get; } = [];

    public List<string> Notices { get; } = [];

    public void OnEvent(string line, RunEvent? runEvent)
    {
        Lines.Add(line);
        Events.Add(runEvent);
    }

    public void OnStatus(RunStatus status) => throw new InvalidOperationException("not wanted");

    public void OnNotice(string text) => Notices.Add(text);
}

/// <summary>A checker with one answer.</summary>
internal sealed class FixedChecker(params SpecProblem[] problems) : ISpecChecker
{
    public RunSpec Spec { get; init; } = Sample.Spec;

    public DataDescription Description { get; init; } = new()
    {
        Source = "sine", InputFeatures = 1, TargetFeatures = 1, Training = new(300, 30_000, 100, 100, null), Lanes = new(20, 75, 0),
        Memory = new(1000, 2000), Contents = SourceDescription.None,
    };

    public CheckedSpec Check(string specPath, IReadOnlyList<string> sets, bool fingerprint = false) => problems.Length > 0
        ? throw new SpecException(problems)
        : new(Document(specPath), Spec, new(fingerprint ? [new("/data/wave.csv", 12, new('a', 64))] : [], Description));

    /// <summary>The texts that were checked.</summary>
    public List<SpecText> Texts { get; } = [];

    public CheckedSpec Check(SpecText text)
    {
        Texts.Add(text);
        var document = SpecLoader.Parse(text, filesMustExist: false);
        return document.Spec is { } spec ? Check(text.FileName, text.Sets) with { Spec = spec }
            : throw new SpecException(document.Problems);
    }

    public SpecDocument Read(SpecText text) => Check(text).Document;

    public SpecDocument Read(string specPath, IReadOnlyList<string> sets) => Check(specPath, sets).Document;

    private static SpecDocument Document(string path) =>
        new(Sample.Spec, [], new Dictionary<string, string> { ["data"] = $"{path}:7:3" }, new("name: wave", path, "/"));
}
