using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.JsonLines;

/// <summary>A file of JSON objects, one a line and a time step, as one table.</summary>
public sealed record JsonLinesSource : TableSource
{
    /// <inheritdoc/>
    public override string Word => "jsonl";

    /// <inheritdoc/>
    public override string About => "a JSON object a line, one line a time step, as one long stream";

    /// <inheritdoc/>
    public override bool GrowsByAppending => true;

    /// <inheritdoc/>
    public override bool CanBeFollowed => true;

    /// <inheritdoc/>
    protected override string FileNoun => "a JSON Lines file";

    internal override TableReader OpenTable(string path) => new JsonLinesReader(Path, path);

    internal override RowCut? RowCut => new(RowUnit.Line, IsPacked: FileContent.IsPacked);

    internal override TableReader OpenTable(string path, FilePart part, TableReader? before) => new JsonLinesReader(Path, path, part);
}
