using System.Globalization;
using Orleans.Tbptt.Runs;
using Spectre.Console;
using Text = Orleans.Tbptt.Cluster.Wording.Text;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Draws a run's trainers and their silos, one per line.</summary>
internal static class TrainerTable
{
    /// <summary>Trainers beyond this many are counted, not listed, so that the screen fits into a terminal.</summary>
    public const int MaxTrainers = 12;

    private const int Gap = 1;

    private static readonly string[] Headings = ["trainer", "lanes", "silo", "device", "state"];

    /// <summary>How many trainers can be listed in so many rows, with the heading and, where some are left out, their count.</summary>
    public static int Fitting(RunStatus status, int rows)
    {
        int most = Math.Min(status.Trainers.Count, MaxTrainers);
        return rows - 1 >= most + (status.Trainers.Count > most ? 1 : 0) ? most : rows - 2;
    }

    /// <summary>The table, at most <paramref name="width"/> columns wide.</summary>
    /// <param name="status">The run.</param>
    /// <param name="width">The terminal's columns.</param>
    /// <param name="most">How many trainers to list.</param>
    public static Table Draw(RunStatus status, int width, int most = MaxTrainers)
    {
        var shown = status.Trainers.Take(most).ToList();
        string[][] rows = [.. shown.Select(Row)];
        int others = Enumerable.Range(0, Headings.Length).Where(column => column != 2)
            .Sum(column => Math.Max(Headings[column].Length, rows.Max(row => row[column].Length)) + Gap);
        int room = Math.Max(width - others, Headings[2].Length);
        // The name identifies the silo; address and process are shown where there is room.
        bool whole = rows.All(row => row[2].Length <= room);
        var table = new Table().Border(TableBorder.None);
        for (int column = 0; column < Headings.Length; column++)
            table.AddColumn(new TableColumn($"[grey]{Headings[column]}[/]") { NoWrap = true,
                Padding = new(0, 0, column == Headings.Length - 1 ? 0 : Gap, 0) });
        foreach (var (trainer, row) in shown.Zip(rows))
        {
            row[2] = Text.Fit(whole ? row[2] : LateTrainers.SiloName(row[2]), room);
            string[] cells = [.. row.Select(Markup.Escape)];
            cells[4] = trainer.State switch
            {
                TrainerState.Lost => $"[red]{cells[4]}[/]",
                TrainerState.Late => $"[yellow]{cells[4]}[/]",
                _ => cells[4],
            };
            table.AddRow(cells);
        }

        return status.Trainers.Count <= most ? table : table.Caption($"and {status.Trainers.Count - most} more");
    }

    /// <summary>The lanes of a trainer: <c>0-9</c>, or <c>0</c> for one.</summary>
    public static string Lanes(TrainerStatus trainer) => Range(trainer.FirstLane, trainer.Lanes);

    /// <summary>The shards of a trainer, likewise; <c>-</c> where a former release wrote the status.</summary>
    public static string Shards(TrainerStatus trainer) => trainer.Shards == 0 ? "-" : Range(trainer.FirstShard, trainer.Shards);

    /// <summary>A trainer's device and engine: <c>cpu fused</c>.</summary>
    public static string Device(TrainerStatus trainer) => $"{trainer.Device} {trainer.Engine}".Trim();

    private static string Range(int first, int count) =>
        count == 1 ? first.ToString(CultureInfo.InvariantCulture) : $"{first}-{first + count - 1}";

    private static string[] Row(TrainerStatus trainer) =>
        [$"{trainer.Index}", Lanes(trainer), Text.OneLine(trainer.Silo), Text.OneLine(Device(trainer)), Text.State(trainer.State)];
}
