using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Training.Bisecting;

namespace Orleans.Tbptt.Client.Bisect;

/// <summary>Prints what is behind the first unlike step of two runs, in lines.</summary>
/// <param name="output">Where it is printed.</param>
/// <param name="request">What was typed.</param>
/// <param name="a">The first run.</param>
/// <param name="b">The second run.</param>
/// <param name="found">What came of comparing them.</param>
/// <param name="files">The data files that are not the same.</param>
internal sealed class BisectReport(
    TextWriter output, BisectRequest request, BisectedRun a, BisectedRun b, Bisected found, IReadOnlyList<UnlikeFile> files)
{
    /// <summary>Of lanes, and of arrays of one kind, no more than these are printed.</summary>
    private const int Most = 4;

    /// <summary>Prints it.</summary>
    public void Write()
    {
        WriteRun("A", a, request.A);
        WriteRun("B", b, request.B);
        WriteSpec();
        WriteData();
        WriteCompared();
        if (found.Verdict is BisectVerdict.Step or BisectVerdict.FirstState)
            WriteStep();
        Line("computed", $"{Text.Plural(found.Computed, "step")} in {Text.Plural(found.Replays, "replay")}");
        foreach (string problem in found.Problems)
            Line("problem", problem);
        var verdict = new BisectVerdictText(a, b, found);
        foreach (var (i, line) in verdict.Lines().Index())
            Line(i == 0 ? "cause" : "", line);
        output.WriteLine(verdict.Summary);
    }

    private void WriteRun(string name, BisectedRun run, string typed)
    {
        // A directory as it was typed: it was found by its absolute path.
        string path = NamedRun.IsDirectory(typed) ? typed : run.Run.Path;
        string computed = run.Status.Arithmetic.Length > 0 ? run.Status.Arithmetic : "an arithmetic that it did not note";
        string devices = string.Join(", ", run.Status.Trainers.Select(trainer => trainer.Device).Where(one => one.Length > 0).Distinct());
        Line(name, $"run {run.Run.Id}, {path}: {Text.Plural(run.Status.Step, "step")}, computed by {computed}"
            + (devices.Length > 0 ? $" on {devices}" : ""));
        if (run.Fork is { } fork)
            Line("", $"begins with a state of {fork}");
        else if (run.Spec.Extends is { } extends)
            Line("", $"begins with the state of run {Path.GetFileName(extends.Run)} after step {Text.Count(extends.Step)}");
    }

    private void WriteSpec()
    {
        if (found.Keys.Count == 0)
            Line("spec", "the same");
        string name = "spec";
        foreach (var key in found.Keys.Where(key => key.From is not null))
        {
            string from = key.From == found.First ? "from the first state on" : $"from step {Text.Count(key.From!.Value)} on";
            Line(name, $"{BisectVerdictText.Show(key)}; can change bits {from}");
            name = "";
        }

        string[] harmless = [.. found.Keys.Where(key => key.From is null).Select(key => key.Difference.Key)];
        if (harmless.Length > 0)
            Line(name, $"unlike, but no reason for unlike bits: {string.Join(", ", harmless)}");
    }

    private void WriteData()
    {
        if (a.Files.Count + b.Files.Count == 0)
            return;
        if (files.Count == 0)
            Line("data", $"the same ({Text.Plural(a.Files.Count, "file")})");
        string name = "data";
        foreach (var file in files.Take(Most))
        {
            Line(name, $"{Path.GetFileName((file.A ?? file.B)!.Path)}: {Show(file)}");
            name = "";
        }

        if (files.Count > Most)
            Line("", $"and {files.Count - Most} more files");
    }

    private static string Show(UnlikeFile file) => file switch
    {
        { A: null } => "B alone has it",
        { B: null } => "A alone has it",
        { Where: { Line: { } line } where } => $"line {Text.Count(line)} is \"{Short(where.A!)}\" and \"{Short(where.B!)}\"",
        { Where: { } where } => $"unlike from byte {Text.Count(where.Byte)} on",
        _ => $"sha256 {file.A.Sha256} and {file.B.Sha256}; the files are not both at hand, name their directories by --data-root-a and "
            + "--data-root-b to see where they differ",
    };

    private void WriteCompared()
    {
        if (found.Verdict == BisectVerdict.NothingShared)
            return;
        string steps = found.Compared == 0 ? "no step is in both journals"
            : $"{Text.Plural(found.Compared, "step")} that both published, {Text.Count(found.Hashes)} of them by the hash of the state";
        Line("compared", $"{steps}; both have the states after steps {Text.Count(found.First)} to {Text.Count(found.Last)}");
        if (found.Published is { } published)
        {
            Line("", $"step {Text.Count(published.Step)} as published: {published.What} is {published.Computed} in A and "
                + $"{published.Published} in B");
        }
    }

    private void WriteStep()
    {
        if (found.Outcome is { } outcome)
        {
            Line("step", $"{Text.Count(outcome.Step)}, epoch {found.Epoch}: {outcome.What} is {outcome.Computed} in A and "
                + $"{outcome.Published} in B");
        }

        foreach (var lane in found.Lanes.Take(Most))
            WriteLane(lane);
        if (found.Lanes.Count > Most)
            Line("", $"and {found.Lanes.Count - Most} more lanes");
        else if (found.Lanes.Count == 0 && found.Verdict == BisectVerdict.Step
            && !a.Spec.Train.IsLocal && !b.Spec.Train.IsLocal)
            Line("lanes", "the same losses and gradients in all: the update is what differs");
        foreach (var (i, part) in found.State.GroupBy(tensor => tensor.Part).Index())
            WriteTensors($"{part.Key}: ", part.First(), part.Count(), i == 0 ? "state" : "");
    }

    private void WriteLane(UnlikeLane lane)
    {
        Line($"lane {lane.Lane}", $"sequence {lane.A.Chunk.Sequence + 1}, {Rows(lane.A.Rows)}: loss {Loss(lane.A)} in A and "
            + $"{Loss(lane.B)} in B");
        if (lane.Data is { What: "place" } place)
            Line("", $"trained on {place.A} in A and on {place.B} in B");
        else if (lane.Data is { } values)
        {
            Line("", $"{values.What} {Column(values)} of time step {Text.Count(values.Step + 1)}, {Rows(values.Rows)}, is {values.A} in A "
                + $"and {values.B} in B; {Text.Plural(values.Unlike, "time step")} of {lane.A.Chunk.Length} unlike");
        }

        if (lane.Gradient is [var first, ..])
            WriteTensors("gradient of ", first, lane.Gradient.Count, "");
    }

    private void WriteTensors(string before, UnlikeTensor first, int count, string name)
    {
        string place = first.Lane is { } lane ? $" of lane {lane}" : "";
        place += first.Layer is { } layer ? $", layer {layer}" : "";
        string index = first.Index.Count > 0 ? $"[{string.Join(", ", first.Index)}]" : "";
        string of = first.Length > 1 ? $"; {Text.Count(first.Unlike)} of {Text.Plural(first.Length, "element")} unlike" : "";
        string more = count > 1 ? $", and {count - 1} more {(count == 2 ? "array" : "arrays")}" : "";
        Line(name, $"{before}{first.Name}{index}{place} is {first.A ?? "absent"} in A and {first.B ?? "absent"} in B{of}{more}");
    }

    private string Column(UnlikeValues values)
    {
        var names = a.Replay?.Spec.Data.Source is not TableSource table ? [] : values.What == "input" ? table.Inputs : table.Targets;
        return names.Count > values.Column ? $"{names[values.Column]}, as the network gets it," : $"{values.Column}";
    }

    private string Rows(SourceRows? rows)
    {
        var source = a.Spec.Data.Source;
        if (rows is not { } found)
            return "drawn from the seed";
        string noun = source is TableSource ? "row" : source.Word == "bytes" ? "byte" : "position";
        string numbers = found.First == found.Last ? $"{noun} {Text.Count(found.First)}"
            : $"{noun}s {Text.Count(found.First)} to {Text.Count(found.Last)}";
        string file = source.Paths is [var only] ? $" of {Path.GetFileName(only)}" : "";
        return $"{numbers}{(found.Series is { } series ? $" of series {series}" : "")}{file}";
    }

    private static string Loss(LanePart part) => part.Weight > 0 ? $"{part.LossSum / part.Weight:R}" : "none";

    private static string Short(string line) => line.Length <= 60 ? line : $"{line[..60]}…";

    private void Line(string name, string value) => output.WriteLine($"{name,-11}{Text.OneLine(value)}");
}
