namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>
/// Rows of a request as a file, which readers of tables need: only its owner may read it, and it is deleted after the request.
/// </summary>
internal sealed class RowsFile : IDisposable
{
    /// <summary>Writes the file.</summary>
    /// <exception cref="IOException">There is no room.</exception>
    public RowsFile(ForecastRows rows)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"tbptt-{Guid.NewGuid():N}{(rows.IsJson ? ".jsonl" : ".csv")}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using var file = new FileStream(Path, options);
            file.Write(rows.Bytes.Span);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>A message about it, which does not name a file that the sender does not know.</summary>
    public string Worded(string message) =>
        message.Replace(Path, "rows", StringComparison.Ordinal)
            .Replace(System.IO.Path.GetFileName(Path), "rows", StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => File.Delete(Path);
}
