using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>NumPy arrays, one a file: inputs, targets, and optionally the number of time steps of each sequence, and a mask.</summary>
public sealed record NpySource : ArraySource
{
    /// <summary>The absolute paths of inputs, targets and, where sequences are padded, lengths, in that order.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>
    /// The absolute path of an array of the shape of the targets, or of their time steps: 1 for a target that counts, 0 for one that is out
    /// of loss and weight. Null when all count.
    /// </summary>
    public string? Mask { get; init; }

    /// <inheritdoc/>
    public override string Word => "npy";

    /// <inheritdoc/>
    public override string About => "NumPy arrays of independent sequences, or of one long stream";

    /// <inheritdoc/>
    public override string Form => "npy:INPUTS,TARGETS[,LENGTHS]";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Paths => Files;

    /// <inheritdoc/>
    public override IEnumerable<SourcePath> Reads =>
        Mask is null ? base.Reads : base.Reads.Append(new SourcePath(DataKeys.Mask, Mask, IsGlob: false));

    /// <inheritdoc/>
    /// <remarks>A comma separates the files, so none of them can have one in its path.</remarks>
    public override SourceSpec Read(string? paths, TextContext text)
    {
        if (Required(paths, text) is not { } list)
            return this;
        string[] files = [.. list.Split(',').Select(path => path.TrimStart())];
        if (files.Length is not (2 or 3) || files.Any(string.IsNullOrWhiteSpace))
        {
            bool empty = files.Any(string.IsNullOrWhiteSpace);
            string found = empty ? "an empty path" : files.Length == 1 ? "1 path" : $"{files.Length} paths";
            text.Report(found, Form, "name two or three files with commas between them, none in a path");
            return this;
        }

        if (files.Select(text.Absolute).FirstOrDefault(full => full.Contains(',')) is { } comma)
        {
            text.Report($"a comma in the path {comma}", Form, "rename the directory: commas part the files of a npy source");
            return this;
        }

        return this with { Files = [.. files.Select(file => text.File(file, "a NumPy file"))] };
    }

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => (NpySource)base.Walk(walk) with
    {
        Mask = walk.OptionalFile("mask", Mask, "an array of 1 for each target that counts and 0 for each that does not", "a NumPy file"),
    };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        base.Check(spec, findings);
        HeldOutPart[] own = [.. Enum.GetValues<HeldOutPart>().Where(part => spec.Data.Of(part)?.Source is not null)];
        if (Mask is not null && own.Length > 0)
        {
            findings.Report(
                DataKeys.Mask, $"a mask, which the files of {DataKeys.HeldOut(own[0], "source")} do not have",
                "no mask where other files are held out",
                "mark targets in both by class -100, or by NaN with missingTargets: mask, or save both with their masks as npz archives");
        }
    }

    /// <summary>Equal in every member, lists item by item.</summary>
    public bool Equals(NpySource? other) => base.Equals(other) && Files.SequenceEqual(other.Files) && Mask == other.Mask;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), string.Join('\0', Files), Mask);

    internal override OpenableSource WithFilesOf(OpenableSource other) => this with { Files = ((NpySource)other).Files, Mask = null };

    internal override ArrayFiles OpenArrays(InputFiles opened, ProblemList problems)
    {
        if (Files.Count is not (2 or 3))
        {
            problems.Add(
                DataKeys.Source, Wording.Count(Files.Count, "file"),
                "npy:inputs.npy,targets.npy or npy:inputs.npy,targets.npy,lengths.npy", "name two or three files");
            problems.ThrowIfAny();
        }

        var arrays = new NpyArray?[4];
        try
        {
            string?[] paths = [Files[0], Files[1], Files.Count == 3 ? Files[2] : null, Mask];
            for (int i = 0; i < paths.Length; i++)
            {
                string key = i == 3 ? DataKeys.Mask : DataKeys.Source;
                if (paths[i] is { } path && opened.Admit(key, path, problems) is { } real)
                    arrays[i] = NpyArray.TryOpen(real, problems);
            }

            return new(arrays[0], arrays[1], arrays[2], arrays[3]);
        }
        catch
        {
            foreach (NpyArray? array in arrays)
                array?.Dispose();
            throw;
        }
    }
}
