using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>Where sequences come from. Its keys stand in the section <c>data</c>.</summary>
public abstract record SourceSpec : PathChoice
{
    /// <summary>Every path that it reads from.</summary>
    public virtual IEnumerable<SourcePath> Reads => Paths.Select(path => new SourcePath("data.source", path, IsGlob: false));

    /// <summary>Whether it is one long stream, cut into as many contiguous rows as there are lanes.</summary>
    public virtual bool IsStream => false;

    /// <summary>
    /// Whether a target may be an input of a later time step, because the source is for forecasts: a network that runs from a sequence's
    /// end to its start has seen it then. Default false.
    /// </summary>
    public virtual bool TargetsLieAhead => false;

    /// <summary>Whether its rows have times, so that a part can begin at a time.</summary>
    public virtual bool HasTimes => false;

    /// <summary>Whether inputs are tokens and targets are classes; null where only the files say.</summary>
    public virtual bool? HasTokens => false;

    /// <summary>
    /// Whether data grow by what is appended to their files, which leaves the bytes before as they are: a run on them can be extended.
    /// </summary>
    public virtual bool GrowsByAppending => false;

    /// <summary>Whether a run can follow its file: train on rows as they are appended to it.</summary>
    public virtual bool CanBeFollowed => false;

    /// <summary>The unit of a cross-entropy in bits, such as "bits per byte"; null for none.</summary>
    public virtual string? BitsPer => null;

    /// <inheritdoc/>
    public override SourceSpec Read(string? paths, TextContext text)
    {
        if (paths is not null)
            text.Report($"{Word}:{paths}", Word, "remove the colon and what follows; the sequences are synthetic");
        return this;
    }

    /// <summary>Looks for keys of the spec that do not fit the source.</summary>
    public virtual void Check(RunSpec spec, Findings findings)
    {
    }
}

/// <summary>A path that a source reads from.</summary>
/// <param name="Key">The key that names it.</param>
/// <param name="Path">The absolute path.</param>
/// <param name="IsGlob">Whether it has wildcards.</param>
public readonly record struct SourcePath(string Key, string Path, bool IsGlob);
