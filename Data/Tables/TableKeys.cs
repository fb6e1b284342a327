using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Which keys of a table go together.</summary>
internal static class TableKeys
{
    /// <summary>Rows that are forecast from each row, at most: each has outputs of its own.</summary>
    private const int MostHorizons = 10_000;

    /// <summary>Reports those that do not.</summary>
    public static void Check(TableSource source, RunSpec spec, Findings findings)
    {
        if (source.MissingValues == MissingValues.Interpolate && spec.Extends is { Follow: true })
        {
            findings.Report(
                "data.missingValues", "interpolate with extends.follow", "forward or mask, because the next value is still to come",
                "train a run with one of these, and follow the file with it");
        }

        if (source.Horizons > MostHorizons)
        {
            findings.Report(
                "data.horizon", $"1..{source.Horizons}", $"1..{MostHorizons} at most, because each row ahead has outputs of its own",
                "lower it, or write one number");
        }

        if (source.Horizons > 1 && source.Known.Count > 0)
        {
            findings.Report(
                "data.horizon", $"1..{source.Horizons} with data.known", "one number, because a known input is read from the target's row, "
                + "and there are several", "write one number, or remove data.known");
        }

        if (source.Horizons > 1 && spec.Extends is { Follow: true })
        {
            findings.Report(
                "data.horizon", $"1..{source.Horizons} with extends.follow", "one number, because the last of the next rows are still to "
                + "come when a row is trained on", "train a run with one number, and follow the file with it");
        }

        if (source.Step is not null && source.Time is null)
            findings.Report("data.step", $"{source.Step} without data.time", "the column of time", "add data.time, or remove it");
        if (source.Scale == TableScale.Series && source.Series is null)
            findings.Report("data.scale", "series without data.series", "column or none", "add data.series, or change it");
        if (!source.Standardize && source.Scale == TableScale.Series)
            findings.Report("data.scale", "series with standardize false", "none", "remove one of the two");
        if (source.Static.Count > 0 && source.Series is null)
        {
            findings.Report(
                "data.static", "columns without data.series", "the column of series, because one stream has one value of them",
                "add data.series, or remove it");
        }

        var roles = new[] { ("data.known", source.Known), ("data.static", source.Static), ("data.categorical", source.Categorical) };
        foreach (var (key, columns) in roles)
        {
            foreach (string name in columns.Intersect(source.Targets))
            {
                findings.Report(
                    key, $"'{name}', which is a target", "columns that are only inputs",
                    "remove it: what is to be forecast is a value, and not known");
            }
        }

        foreach (string name in source.Known.Intersect(source.Static))
            findings.Report("data.static", $"'{name}', which is in data.known, too", "one of the two", "remove it from data.known");
    }
}
