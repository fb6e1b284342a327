using Orleans.Tbptt.Data.Extending;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Opens the data of a run that extends another one, its parent.</summary>
internal static class ExtendedRun
{
    /// <summary>The size of a vocabulary without a list of tokens, which is one of bytes.</summary>
    private const int Bytes = 256;

    /// <summary>Opens the data, checks that they are the parent's with more behind them, and leaves of them what is trained on.</summary>
    /// <param name="spec">The run's spec.</param>
    /// <param name="parent">The parent.</param>
    /// <param name="opened">Opens the files.</param>
    /// <returns>The spec with the sizes of the parent's model, where it leaves them out; and the data.</returns>
    /// <exception cref="SpecException">They do not fit; carries every mistake found.</exception>
    public static (RunSpec Spec, IDataSource Data) Open(RunSpec spec, ParentRun parent, InputFiles opened)
    {
        var problems = new ProblemList();
        spec = spec with { Model = SameModel.Sized(spec.Model, parent.Spec.Model) };
        CheckSame(spec, parent.Spec, problems);
        problems.ThrowIfAny();
        int before = opened.Opened.Count;
        bool refits = spec.Extends!.Scaling == ExtendedScaling.Refit;
        GrownSource? grown = null;
        try
        {
            grown = Open(spec, opened, new(parent.Read.Contents, parent.Spec.Data, refits, parent.Read.Followed), before, parent);
            CheckFiles(spec, parent, opened, before);
            CheckLastLine(parent, opened, problems);
            CheckTokens(grown.Data, parent, problems);
            problems.ThrowIfAny();

            // Where it fails, it closes what is trained on.
            GrownSource all = grown;
            grown = null;
            grown = all with { Data = OwnFiles.AddTo(spec, opened, all.Data) };
            string from = $"extends run {Path.GetFileName(spec.Extends.Run)} from checkpoint {spec.Extends.Name}";
            string state = spec.Extends.Replay == 0 ? "the hidden state is the parent's last one"
                : $"{Wording.Count(spec.Extends.Replay, "chunk")} before the new part replayed, from hidden state zero";
            string[] scaling = parent.Read.Contents.Columns.All(column => column.ScaleMean is null) ? []
                : [refits ? "columns are scaled anew, by all rows to train on" : "columns are scaled as the parent's were"];
            return (spec, Continued(spec, parent, grown, [from, state, .. scaling]));
        }
        catch
        {
            grown?.Data.Dispose();
            throw;
        }
    }

    /// <summary>What is trained on of data, and of them with what comes to them.</summary>
    private static GrownData Continued(RunSpec spec, ParentRun parent, GrownSource grown, IReadOnlyList<string> remarks)
    {
        var problems = new ProblemList();
        return new(grown.Data, Tails.Of(spec, parent, grown, problems), remarks)
        {
            Grow = grown.Data is not DataSource { Grow: { } grow } ? null : opened =>
            {
                DataSource more = grow(opened);
                try
                {
                    CheckTokens(more, parent, problems);
                    problems.ThrowIfAny();
                    return Continued(spec, parent, grown with { Data = more }, remarks);
                }
                catch
                {
                    more.Dispose();
                    throw;
                }
            },
        };
    }

    /// <summary>Opens the source; where that fails because the files are no longer the parent's, that is what is said.</summary>
    private static GrownSource Open(RunSpec spec, InputFiles opened, Growth growth, int before, ParentRun parent)
    {
        try
        {
            return ((OpenableSource)spec.Data.Source).OpenGrown(spec, opened, growth);
        }
        catch (SpecException)
        {
            if (opened.Opened.Skip(before).Any(file => file.Key == DataKeys.Source))
                CheckFiles(spec, parent, opened, before);
            throw;
        }
    }

    private static void CheckFiles(RunSpec spec, ParentRun parent, InputFiles opened, int before)
    {
        OpenedFile[] now = [.. opened.Opened.Skip(before).Where(file => file.Key == DataKeys.Source)];
        SpecProblem? problem;
        try
        {
            problem = parent.Files() is { } files
                ? GrownFiles.Find(files, now, ((OpenableSource)spec.Data.Source).EndsWithALine, opened.Roots)
                : new SpecProblem(DataKeys.Extends, "a parent with files of its own for what it held out of a glob",
                    "one that held out a share or rows: which of its files were trained on is not known", "train it again");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = InputFile.Unreadable(DataKeys.Source, spec.Data.Source.Paths[0], error);
        }

        if (problem is not null)
            throw new SpecException(problem);
    }

    /// <summary>
    /// Refuses to follow a file of which the parent read a last line that has no end yet: nobody knows whether it is whole.
    /// </summary>
    private static void CheckLastLine(ParentRun parent, InputFiles opened, ProblemList problems)
    {
        if (opened.Followed is { } followed && parent.Files() is [.., var last] && followed.End < last.Length)
        {
            problems.Add(DataKeys.Source, $"'{last.Path}', whose last line, which the parent was trained on, has no end",
                "an end of line behind it, which says that the line is whole", "append one");
        }
    }

    /// <summary>Refuses texts whose tokens have other numbers than in the parent, or are more.</summary>
    private static void CheckTokens(IDataSource data, ParentRun parent, ProblemList problems)
    {
        if (!data.Shape.HasTokens)
            return;
        IReadOnlyList<string> then = parent.Read.Contents.Tokens, now = data.Description.Tokens;
        const string Remedy = "train a run with data.vocabulary, a file that lists the tokens and <unk>, and extend that one";
        if (data.Shape.Vocabulary > Bytes && now.Count == 0)
        {
            problems.Add(DataKeys.Source, $"{data.Shape.Vocabulary} different tokens, too many for data.json to list them",
                "tokens whose numbers can be compared with the parent's", Remedy);
        }
        else if (data.Shape.Vocabulary != parent.Read.Vocabulary || !now.SequenceEqual(then))
        {
            string? first = now.FirstOrDefault(token => !then.Contains(token));
            problems.Add(
                DataKeys.Source, first is null ? "the parent's tokens with other numbers"
                    : $"{data.Shape.Vocabulary} different tokens, such as {Wording.Quote(first)}",
                $"the {parent.Read.Vocabulary} of the parent's data, which its model knows", Remedy);
        }
    }

    private static void CheckSame(RunSpec spec, RunSpec parent, ProblemList problems)
    {
        var same = new SameModel("the parent", "train a new run", problems);
        same.Compare("data.source", spec.Data.Source.Word, parent.Data.Source.Word);
        same.Check(spec, parent);
        same.Compare("train.optimizer", Averages(spec), Averages(parent));
        same.Compare("train.sync", spec.Train.IsLocal, parent.Train.IsLocal, isLocal => isLocal ? "local" : "every");

        // What it has to remember is of no use to another one; its rate and the like may change.
        static string Averages(RunSpec of) =>
            $"{of.Train.Optimizer.Word} with {Wording.Count(of.Train.Optimizer.RunningAverages, "running average")}";
    }
}
