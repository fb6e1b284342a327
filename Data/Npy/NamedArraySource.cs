using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>
/// Arrays in one file under names: <c>inputs</c>, <c>targets</c>, and where they are there <c>lengths</c> and <c>mask</c>; or other names.
/// </summary>
public abstract record NamedArraySource : ArraySource
{
    private static readonly string[] Roles = ["inputs", "targets", "lengths", "mask"];

    /// <summary>The absolute path of the file.</summary>
    public string Path { get; init; } = "";

    /// <summary>
    /// The names of the arrays of inputs, targets and, if there are any, lengths and mask, in that order. By their roles when left out.
    /// </summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Paths => [Path];

    /// <summary>What the file is called: <c>a NumPy archive</c>.</summary>
    protected abstract string FileNoun { get; }

    /// <summary>What an array of the file is called: <c>array</c>.</summary>
    protected abstract string ArrayNoun { get; }

    /// <inheritdoc/>
    public override SourceSpec Read(string? paths, TextContext text) =>
        Required(paths, text) is { } path ? this with { Path = text.File(path, FileNoun) } : this;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => (NamedArraySource)base.Walk(walk) with
    {
        Members = walk.Texts(
            "members", Members, $"{ArrayNoun}s by name: inputs, targets and, if there are any, lengths and mask", $"{ArrayNoun} name",
            "inputs, targets, lengths, mask"),
    };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        if (Members.Count is 1 or > 4)
        {
            findings.Report(
                "data.members", Wording.Count(Members.Count, "name"), "the names of inputs, targets, and if there are any lengths and mask",
                $"name two to four {ArrayNoun}s");
        }
    }

    /// <summary>Equal in every member, lists item by item.</summary>
    public virtual bool Equals(NamedArraySource? other) =>
        base.Equals(other) && Path == other.Path && Members.SequenceEqual(other.Members);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Path, string.Join('\0', Members));

    internal override OpenableSource WithFilesOf(OpenableSource other) => this with { Path = ((NamedArraySource)other).Path };

    /// <summary>Reads the names of the arrays.</summary>
    /// <exception cref="SpecException">The file is none of this format, or cannot be read.</exception>
    public IReadOnlyList<string> ReadNames()
    {
        var problems = new ProblemList();
        try
        {
            using ArrayContainer? container = TryOpenContainer(Path, problems);
            problems.ThrowIfAny();
            return [.. container!.Listed];
        }
        catch (ArrayContainerException error)
        {
            throw new SpecException(new SpecProblem(DataKeys.Source, error.Found, error.Expected, error.Remedy));
        }
    }

    /// <summary>Opens the file; null, with a problem, when that fails.</summary>
    /// <param name="path">The file to open.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <exception cref="ArrayContainerException">The file is of another kind, or damaged.</exception>
    internal abstract ArrayContainer? TryOpenContainer(string path, ProblemList problems);

    internal override ArrayFiles OpenArrays(InputFiles opened, ProblemList problems)
    {
        var arrays = new NpyArray?[4];
        if (opened.Admit(DataKeys.Source, Path, problems) is not { } real)
            return new(null, null, null, null);
        try
        {
            using ArrayContainer? container = TryOpenContainer(real, problems);
            for (int role = 0; container is not null && role < Roles.Length; role++)
            {
                if (Members.Count > 0 && role >= Members.Count)
                    break;
                string name = Members.Count > 0 ? Members[role] : Roles[role];
                if (container.Has(name))
                    arrays[role] = container.TryOpen(name, problems);
                else if (role < 2 || Members.Count > 0)
                    problems.Add(
                        DataKeys.Source, $"no {ArrayNoun} {Wording.Quote(name)} in {real}", $"one of its {ArrayNoun}s: {container.Names}",
                        Members.Count > 0 ? "correct the name in data.members"
                            : "name inputs and targets: members: [INPUTS, TARGETS] in data");
            }
        }
        catch (ArrayContainerException error)
        {
            problems.Add(DataKeys.Source, error.Found, error.Expected, error.Remedy);
        }
        catch
        {
            foreach (NpyArray? array in arrays)
                array?.Dispose();
            throw;
        }

        return new(arrays[0], arrays[1], arrays[2], arrays[3]);
    }
}
