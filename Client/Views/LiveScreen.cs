using Orleans.Tbptt.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Draws the figures of a run. Whatever comes from a user or a silo is escaped.</summary>
/// <param name="figures">What to draw.</param>
/// <param name="run">The run's id.</param>
/// <param name="unicode">Whether the terminal can show block characters.</param>
internal sealed class LiveScreen(RunFigures figures, string run, bool unicode)
{
    /// <summary>Trainers beyond this many are counted, not listed: the screen has to fit into a terminal.</summary>
    public const int MaxTrainers = 12;

    private const int BarWidth = 30;

    /// <summary>The screen at this moment.</summary>
    /// <param name="elapsed">Time since the run was submitted.</param>
    /// <param name="notices">The newest notices, oldest first.</param>
    public IRenderable Draw(TimeSpan elapsed, IEnumerable<string> notices)
    {
        var rows = new List<IRenderable> { new Markup(Head(elapsed)), Figures() };
        if (figures.Status is { Trainers.Count: > 0 } status)
            rows.Add(Trainers(status));
        rows.AddRange(notices.Select(notice => new Markup($"[yellow]{Safe(notice)}[/]")));
        return new Rows(rows);
    }

    private string Head(TimeSpan elapsed)
    {
        string colour = figures.State switch
        {
            RunState.Completed => "green",
            RunState.Failed or RunState.Diverged => "red",
            RunState.Stopped => "yellow",
            _ => "blue",
        };
        string generation = figures.Generation > 1 ? $"  generation {figures.Generation}" : "";
        return $"[bold]{Safe(run)}[/]  [{colour}]{Text.State(figures.State)}[/]"
            + $"  {Text.Duration(figures.Ended?.Seconds ?? elapsed.TotalSeconds)}{generation}";
    }

    private Grid Figures()
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn(new GridColumn().NoWrap());
        void Row(string name, string value) => grid.AddRow($"[grey]{name}[/]", value);
        if (figures.Started is { } started)
            Row($"epoch {figures.Epoch}/{started.Epochs}", Progress());
        if (figures.Step is { } step)
            Row("train loss", $"{Text.Figure(step.Loss)}  {figures.Trend.Sparkline(unicode)}");
        if (figures.Epochs.LastOrDefault() is { } epoch)
        {
            Row("epoch loss", $"{Text.Figure(epoch.Loss)}  [grey]epoch {epoch.Epoch}[/]");
            if (epoch.ValidationLoss is { } validation)
                Row("validation", $"{Text.Figure(validation)}  {figures.ValidationTrend.Sparkline(unicode)}");
            foreach (var metric in epoch.Metrics)
                Row(Safe(metric.Name), $"{Text.Figure(metric.Value)} {Safe(metric.Unit)}");
        }

        if (Speed() is { Length: > 0 } speed)
            Row("speed", speed);
        if (figures.Recovery is { } recovery)
            Row("recovered", $"{figures.Recoveries} times, last at step {Text.Count(recovery.Step)} in {Text.Duration(recovery.Seconds)}");
        if (figures.Ended is { Message.Length: > 0 } ended)
            Row("why", Safe(ended.Message));
        return grid;
    }

    /// <summary>Of the last seconds while the run goes on, of the whole run after it.</summary>
    private string Speed() => figures switch
    {
        { Ended: { } ended, Status: { HasEnded: true } status } => Text.MeanSpeed(ended.Step, status.SequenceSteps, ended.Seconds),
        { Ended: null, Status: { } status } => Text.Speed(status.StepsPerSecond, status.SequenceStepsPerSecond),
        _ => "",
    };

    private string Progress()
    {
        long steps = Math.Max(figures.StepsPerEpoch, 1);
        double share = (double)figures.StepsInEpoch / steps;
        int full = (int)(share * BarWidth);
        string bar = $"[green]{new string(unicode ? '━' : '#', full)}[/][grey]{new string(unicode ? '─' : '.', BarWidth - full)}[/]";
        string position = $"{bar} {share * 100:0}%  {Text.Count(figures.StepsInEpoch)}/{Text.Count(steps)}";
        if (figures.Ended is not null || figures.Status is not { StepsPerSecond: > 0 } status)
            return position;
        string about = figures.EpochsVary ? "about " : "";
        return $"{position}  ETA {Eta(steps - figures.StepsInEpoch)}, run ETA {about}{Eta(figures.StepsLeft)}";

        string Eta(double left) => Text.Duration(left / status.StepsPerSecond);
    }

    private static Table Trainers(RunStatus status)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("[grey]trainer[/]", "[grey]lanes[/]", "[grey]silo[/]", "[grey]device[/]", "[grey]state[/]");
        foreach (var trainer in status.Trainers.Take(MaxTrainers))
        {
            string lanes = trainer.Lanes == 1 ? $"{trainer.FirstLane}" : $"{trainer.FirstLane}-{trainer.FirstLane + trainer.Lanes - 1}";
            string state = Text.State(trainer.State);
            table.AddRow(
                $"{trainer.Index}", lanes, Safe(trainer.Silo), Safe(trainer.Device), trainer.State == TrainerState.Lost ? $"[red]{state}[/]" : state);
        }

        return status.Trainers.Count <= MaxTrainers ? table : table.Caption($"and {status.Trainers.Count - MaxTrainers} more");
    }

    private static string Safe(string text) => Markup.Escape(Text.OneLine(text));
}
