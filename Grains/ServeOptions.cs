using System.Diagnostics.CodeAnalysis;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains;

/// <summary>What becomes of a stream's hidden state when the model that computed it is replaced by another one.</summary>
public enum StreamTakeover
{
    /// <summary>It is carried where cell, layers and units agree; otherwise it begins at zero.</summary>
    Carry,

    /// <summary>It begins at zero, and the new model runs over the rows that are kept, those of them that it can read.</summary>
    WarmUp,

    /// <summary>It begins at zero.</summary>
    Zero,
}

/// <summary>How a silo serves models.</summary>
public sealed class ServeOptions
{
    /// <summary>The least that <see cref="KeptRows"/> may be: as many rows as are computed and written together.</summary>
    public const int LeastKeptRows = 32;

    /// <summary>The most that <see cref="KeptRows"/> may be.</summary>
    public const int MostKeptRows = 100_000;

    /// <summary>What <see cref="TryRead"/> takes, for error messages.</summary>
    public const string ExpectedModel = $"NAME=DIRECTORY, the name {RunId.Expected}";

    /// <summary>
    /// Packages that are served in addition to the runs' models, each <c>NAME=DIRECTORY</c>; the same on every silo of a cluster. A package
    /// that is replaced takes over by <see cref="Takeover"/>. Default none.
    /// </summary>
    public IReadOnlyList<string> Models { get; set; } = [];

    /// <summary>A stream without a row for so long is forgotten. Default 30 days.</summary>
    public TimeSpan Expiry { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Of each stream so many last rows are kept, with their answers: as far back a row can be sent again. Default 64.
    /// </summary>
    public int KeptRows { get; set; } = 64;

    /// <summary>What becomes of hidden states when a model is replaced. Default <see cref="StreamTakeover.Carry"/>.</summary>
    public StreamTakeover Takeover { get; set; } = StreamTakeover.Carry;

    /// <summary>
    /// Whether rows outlast a machine that loses power: each is flushed to the disk before it is answered. Otherwise they outlast the end
    /// of the silo's process, however it ends, and no more. Default true.
    /// </summary>
    public bool Flush { get; set; } = true;

    /// <summary>Reads an item of <see cref="Models"/>.</summary>
    /// <param name="item">The item.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="directory">The package's directory, as an absolute path.</param>
    public static bool TryRead(string item, out RunId name, [NotNullWhen(true)] out string? directory)
    {
        ArgumentNullException.ThrowIfNull(item);
        int at = item.IndexOf('=', StringComparison.Ordinal);
        (name, directory) = (default, null);
        if (at <= 0 || at == item.Length - 1 || !RunId.TryParse(item[..at], out name))
            return false;
        directory = Path.GetFullPath(item[(at + 1)..]);
        return true;
    }
}
