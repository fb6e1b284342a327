using System.IO.Compression;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>
/// NumPy arrays in one archive, as <c>numpy.savez</c> and <c>numpy.savez_compressed</c> write: <c>inputs</c>, <c>targets</c>, and where
/// they are there <c>lengths</c> and <c>mask</c>; or members of other names.
/// </summary>
public sealed record NpzSource : ArraySource
{
    private static readonly string[] Roles = ["inputs", "targets", "lengths", "mask"];

    /// <summary>The absolute path of the archive.</summary>
    public string Path { get; init; } = "";

    /// <summary>
    /// The names of the arrays of inputs, targets and, if there are any, lengths and mask, in that order. By their roles when left out.
    /// </summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <inheritdoc/>
    public override string Word => "npz";

    /// <inheritdoc/>
    public override string About => "an archive of NumPy arrays named inputs, targets and, if there are any, lengths and mask";

    /// <inheritdoc/>
    public override string Form => "npz:FILE";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Paths => [Path];

    /// <inheritdoc/>
    public override SourceSpec Read(string? paths, TextContext text) =>
        Required(paths, text) is { } path ? this with { Path = text.File(path, "a NumPy archive") } : this;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => (NpzSource)base.Walk(walk) with
    {
        Members = walk.Texts(
            "members", Members, "arrays of the archive by name: inputs, targets and, if there are any, lengths and mask", "array name",
            "inputs, targets, lengths, mask"),
    };

    internal override OpenableSource WithFilesOf(OpenableSource other) => this with { Path = ((NpzSource)other).Path };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        if (Members.Count is 1 or > 4)
        {
            findings.Report(
                "data.members", Wording.Count(Members.Count, "name"), "the names of inputs, targets, and if there are any lengths and mask",
                "name two to four arrays");
        }
    }

    /// <summary>Equal in every member, lists item by item.</summary>
    public bool Equals(NpzSource? other) => base.Equals(other) && Path == other.Path && Members.SequenceEqual(other.Members);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Path, string.Join('\0', Members));

    internal override ArrayFiles OpenArrays(InputFiles opened, ProblemList problems)
    {
        if (opened.Admit(DataKeys.Source, Path, problems) is not { } real || InputFile.TryOpen(real, problems) is not { } file)
            return new(null, null, null, null);
        using var stream = new FileStream(file, FileAccess.Read);
        var arrays = new NpyArray?[4];
        try
        {
            using ZipArchive archive = NpzMember.Open(stream, real);
            for (int role = 0; role < Roles.Length; role++)
            {
                if (Members.Count > 0 && role >= Members.Count)
                    break;
                string name = Members.Count > 0 ? Members[role] : Roles[role];
                bool isRequired = role < 2 || Members.Count > 0;
                if (NpzMember.Find(archive, name) is { } member)
                    arrays[role] = NpyArray.TryOpen($"{real}[{name}]", NpzMember.Unpack(member, $"{real}[{name}]"), problems);
                else if (isRequired)
                    problems.Add(
                        DataKeys.Source, $"no array {Wording.Quote(name)} in {real}", $"one of its arrays: {NpzMember.Names(archive)}",
                        Members.Count > 0 ? "correct the name in data.members"
                            : "name inputs and targets: members: [INPUTS, TARGETS] in data");
            }
        }
        catch (NpzException error)
        {
            problems.Add(DataKeys.Source, error.Found, "an archive that numpy.savez wrote", error.Remedy);
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
