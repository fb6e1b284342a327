using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;
using Text = Orleans.Tbptt.Cluster.Wording.Text;

namespace Orleans.Tbptt.Client.Views;

/// <summary>
/// Draws the figures of a run, one per terminal line; only sentences may wrap. Text from users and silos is escaped.
/// </summary>
/// <param name="figures">What to draw.</param>
/// <param name="run">The run's id.</param>
/// <param name="unicode">Whether the terminal can show block characters.</param>
internal sealed class LiveScreen(RunFigures figures, string run, bool unicode)
{
    private const int BarWidth = 30;
    private const int LabelWidth = 12;
    private const int MostBaselines = 3;

    /// <summary>What the console waits for before the first step; shown while the run starts.</summary>
    public string Phase { get; set; } = "";

    /// <summary>The current screen.</summary>
    /// <param name="elapsed">Time since the run was submitted.</param>
    /// <param name="width">The terminal's columns.</param>
    /// <param name="height">
    /// The terminal's rows. A screen has fewer: one that scrolls cannot be drawn over, and would leave its first lines behind.
    /// </param>
    /// <param name="notices">The newest notices, oldest first.</param>
    public IRenderable Draw(TimeSpan elapsed, int width, int height, IEnumerable<string> notices)
    {
        var figureRows = new List<IRenderable>();
        var grid = Figures(width);
        string[] sentences = [.. Sentences(), .. notices.Select(notice => $"[yellow]{Safe(notice)}[/]")];
        int left = height - 2 - grid.Rows.Count;
        // What is said last is the newest.
        int first = sentences.Length;
        while (first > 0 && Lines(sentences[first - 1], width) is var lines && lines <= left)
            (left, first) = (left - lines, first - 1);
        figureRows.AddRange(new Markup(Head(elapsed, width)), grid);
        if (figures.Status is { Trainers.Count: > 0 } status && TrainerTable.Fitting(status, left) is > 0 and var shown)
            figureRows.Add(TrainerTable.Draw(status, width, shown));
        return new Rows(figureRows.Concat(sentences.Skip(first).Select(sentence => new Markup(sentence))));
    }

    /// <summary>The rows of a sentence, at most: lines end at words.</summary>
    private static int Lines(string sentence, int width)
    {
        int rows = 1, column = 0;
        foreach (string word in Markup.Remove(sentence).Split(' '))
        {
            if (column > 0 && column + word.Length > width)
                (rows, column) = (rows + 1, 0);
            rows += Math.Max(0, word.Length - 1) / width;
            column += (word.Length % width) + 1;
        }

        return rows;
    }

    private string Head(TimeSpan elapsed, int width)
    {
        string colour = figures.State switch
        {
            RunState.Completed => "green",
            RunState.Failed or RunState.Diverged => "red",
            RunState.Stopped or RunState.Paused or RunState.Queued => "yellow",
            _ => "blue",
        };
        string generation = figures.Generation > 1 ? $"  generation {figures.Generation}" : "";
        string state = figures.WaitsForRows ? Outcome.WaitingForRows : Text.State(figures.State);
        string time = $"{Text.Duration(figures.Ended?.Seconds ?? elapsed.TotalSeconds)}{generation}";
        return $"[bold]{Fit(run, width - state.Length - time.Length - 4)}[/]  [{colour}]{state}[/]  {time}";
    }

    private Grid Figures(int width)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(0).Width(LabelWidth))
            .AddColumn(new GridColumn().NoWrap().PadRight(0));
        int room = width - LabelWidth;
        void Row(string name, string value) => grid.AddRow($"[grey]{Fit(name, LabelWidth - 1)}[/]", value);
        void Words(string name, string value) => Row(name, Fit(value, room));
        if (figures.Started is { } started)
            Progress(room, $"epoch {figures.Epoch}/{started.Epochs}", Row);
        if (figures.State == RunState.Starting && Phase.Length > 0)
            Words("phase", Phase);
        if (figures.Status is { State: RunState.Queued } queued)
            Words("queued", Outcome.Queue(queued.QueuePosition));
        if (figures is { WaitsForRows: true, Status: { } waiting })
            Words("follows", waiting.Message);
        if (figures.Step is { } step)
            Row("train loss", Trend(step.Weight > 0 ? Text.Figure(step.Loss) : "no targets", figures.Trend, room));
        if (figures.Epochs.LastOrDefault() is { } epoch)
        {
            string number = $"epoch {epoch.Epoch}";
            string training = Text.Loss(epoch.Loss, MetricKind.Training, epoch.Metrics);
            Row("epoch loss", $"{Fit(training, room - number.Length - 2)}  [grey]{number}[/]");
            if (epoch.ValidationLoss is { } validation)
                Row("validation", Trend(Text.Loss(validation, MetricKind.Validation, epoch.Metrics), figures.ValidationTrend, room));
            foreach (var metric in epoch.Metrics.Where(metric => metric.Kind == MetricKind.Baseline).Take(MostBaselines))
                Words("baseline", Text.Figure(metric));
            foreach (var metric in epoch.Metrics.Where(metric => metric.Kind == MetricKind.Other))
                Words(metric.Name, $"{Text.Figure(metric.Value)} {metric.Unit}");
        }

        if (figures.Test is { } test)
            Words("test", Text.Loss(test.Loss, MetricKind.Test, test.Metrics));
        if (Speed(room) is { Length: > 0 } speed)
            Words("speed", speed);
        if (figures.Checkpoint is { } checkpoint)
            Words("checkpoint", $"step {Text.Count(checkpoint.Step)}{Age(checkpoint)}");
        if (figures.Recovery is { } recovery)
            Words("recovered",
                $"{Text.Plural(figures.Recoveries, "time")}, " +
                $"last at step {Text.Count(recovery.Step)} in {Text.Duration(recovery.Seconds)}");
        if (figures.Move is { } move)
            Words("moved",
                $"{Text.Plural(figures.Moves, "time")}, last after step {Text.Count(move.Step)} in {Text.Duration(move.Seconds)}");
        if (figures.Resize is { } resize)
            Words("resized",
                $"{Text.Plural(resize.Trainers, "trainer")}, {resize.Before} before, after step {Text.Count(resize.Step)} in "
                + Text.Duration(resize.Seconds));
        return grid;
    }

    private IEnumerable<string> Sentences()
    {
        if (figures.Warning.Length > 0)
            yield return $"[bold white on red] WARNING [/] [bold]{Safe(figures.Warning)}[/]";
        foreach (string passed in figures.PassedOver)
            yield return $"[yellow]skipped {Safe(passed)}[/]";
        if (figures.State == RunState.Paused && figures.Paused is { } paused)
            yield return $"[grey]paused[/] {Safe(paused.Reason)}; continue with [bold]tbptt resume {Safe(run)}[/]";
        if (figures.Ended is { Message.Length: > 0 } ended)
            yield return $"[grey]why[/] {Safe(ended.Message)}";
    }

    /// <summary>The speed of the last seconds while the run trains, the mean of the run after its end.</summary>
    private string Speed(int room)
    {
        string all = figures switch
        {
            { Ended: { } ended, Status: { HasEnded: true } status } =>
                Text.MeanSpeed(ended.Step - status.StepsBefore, status.SequenceSteps, ended.Seconds),
            { Ended: null, Status: { } status } => Text.Speed(status.StepsPerSecond, status.SequenceStepsPerSecond),
            _ => "",
        };
        return all.Length <= room ? all : all[..all.IndexOf(',', StringComparison.Ordinal)];
    }

    private void Progress(int room, string name, Action<string, string> row)
    {
        long steps = Math.Max(figures.StepsPerEpoch, 1);
        double share = (double)figures.StepsInEpoch / steps;
        string position = $"{share * 100:0}%  {Text.Count(figures.StepsInEpoch)}/{Text.Count(steps)}", eta = Eta(steps);
        int width = Math.Clamp(room - position.Length - 1, 0, BarWidth);
        int full = (int)(share * width);
        string bar = $"[green]{new string(unicode ? '━' : '#', full)}[/][grey]{new string(unicode ? '─' : '.', width - full)}[/]";
        bool fits = width + position.Length + eta.Length + 3 <= room;
        row(name, $"{bar} {position}{(fits && eta.Length > 0 ? $"  {eta}" : "")}");
        if (!fits && eta.Length > 0)
            row("", Fit(eta, room));
    }

    private string Eta(long steps)
    {
        if (figures.Ended is not null || figures.Status is not { StepsPerSecond: > 0 } status)
            return "";
        string about = figures.EpochsVary ? "about " : "";
        return $"ETA {Of(steps - figures.StepsInEpoch)}, run ETA {about}{Of(figures.StepsLeft)}";

        string Of(double left) => Text.Duration(left / status.StepsPerSecond);
    }

    private string Trend(string figure, LossTrend trend, int room) =>
        $"{Fit(figure, room)}  {trend.Sparkline(unicode, room - Text.OneLine(figure).Length - 2)}".TrimEnd();

    /// <summary>The checkpoint's age by the coordinator's clock, which may differ from this machine's.</summary>
    private string Age(CheckpointWritten checkpoint) =>
        figures.Status is { } status && status.UpdatedAt >= checkpoint.Time && checkpoint.Time > default(DateTimeOffset)
            ? $", {Text.WholeSeconds((status.UpdatedAt - checkpoint.Time).TotalSeconds)} ago"
            : "";

    private static string Fit(string text, int room) => Markup.Escape(Text.Fit(Text.OneLine(text), room));

    private static string Safe(string text) => Markup.Escape(Text.OneLine(text));
}
