using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>Sources in expected messages: a new source is in its list, and in no test.</summary>
internal static class SourceWords
{
    /// <summary>
    /// Fills <c>{tables}</c> and <c>{globs}</c> in with the words of those sources, and <c>{sources}</c> with the forms of all.
    /// </summary>
    public static string Fill(string message) => message
        .Replace("{tables}", List([.. DataSources.All.OfType<TableSource>().Select(source => source.Word)]), StringComparison.Ordinal)
        .Replace("{globs}", List([.. DataSources.All.OfType<GlobSource>().Select(source => source.Word)]), StringComparison.Ordinal)
        .Replace("{sources}", List([.. DataSources.All.Select(source => source.Form)]), StringComparison.Ordinal);

    private static string List(string[] words)
    {
        Assert.True(words.Length > 1);
        return $"{string.Join(", ", words[..^1])} or {words[^1]}";
    }
}
