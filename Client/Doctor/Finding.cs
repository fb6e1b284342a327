using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Doctor;

/// <summary>How a finding is judged.</summary>
internal enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Could not be read or asked: neither well nor wrong.</summary>
    Unknown,

    /// <summary>Works, but not as well as it could, or not for every run.</summary>
    Warning,

    /// <summary>Runs will fail.</summary>
    Problem,
}

/// <summary>What was found about one subject.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Verdict">How it is judged.</param>
/// <param name="Found">What was found.</param>
internal sealed record Finding(string Subject, Verdict Verdict, string Found)
{
    /// <summary>What was expected; empty where all is well.</summary>
    public string Expected { get; init; } = "";

    /// <summary>What to do; empty where all is well.</summary>
    public string Remedy { get; init; } = "";

    /// <summary>As it should be.</summary>
    public static Finding Ok(string subject, string found) => new(subject, Verdict.Ok, Text.OneLine(found));

    /// <summary>Could not be read or asked.</summary>
    public static Finding Unknown(string subject, string why) => new(subject, Verdict.Unknown, $"not known: {Text.OneLine(why)}");

    /// <summary>Works, but not as well as it could.</summary>
    public static Finding Warning(string subject, string found, string expected, string remedy) =>
        new(subject, Verdict.Warning, Text.OneLine(found)) { Expected = expected, Remedy = remedy };

    /// <summary>Runs will fail.</summary>
    public static Finding Problem(string subject, string found, string expected, string remedy) =>
        new(subject, Verdict.Problem, Text.OneLine(found)) { Expected = expected, Remedy = remedy };

    /// <summary>What was found, expected, and is to be done, in one line.</summary>
    public override string ToString() => Expected.Length == 0 ? Found : $"{Found}, expected {Expected}; {Remedy}";
}
