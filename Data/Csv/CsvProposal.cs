using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>How a CSV file can be read, as far as its first lines show.</summary>
/// <param name="Source">The source, with the keys that say how the file is written.</param>
/// <param name="Remarks">What was met that training refuses without these keys, or guesses.</param>
public sealed record CsvProposal(CsvSource Source, IReadOnlyList<string> Remarks)
{
    // More keys than a file can need.
    private const int MostKeys = 12;

    /// <summary>Finds the keys with which a file can be read: those that the refusals of its first lines name, one after another.</summary>
    /// <param name="path">The absolute path of the file.</param>
    /// <exception cref="SpecException">No key lets it be read; says what it is.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static CsvProposal Of(string path)
    {
        var source = new CsvSource { Path = path };
        var remarks = new List<string>();
        while (true)
        {
            try
            {
                using var rows = new CsvRowReader(source, () => CsvText.OpenFile(path));
                CsvDialect dialect = rows.Head.Dialect;
                return new(
                    source with
                    {
                        Separator = dialect.Separator == ',' ? source.Separator : dialect.Separator,
                        DecimalMark = dialect.Decimal == '.' ? source.DecimalMark : dialect.Decimal,
                        Encoding = CsvEncodings.WordOf(rows.Encoding) is not "utf-8" and var word ? word : source.Encoding,
                    }, [.. remarks, .. rows.Head.Notes]);
            }
            catch (TableFormatException error) when (error.Mend is { } mend && remarks.Count < MostKeys)
            {
                remarks.Add($"{error.Found} ({error.Remedy})");
                source = (CsvSource)mend(source);
            }
            catch (TableFormatException error)
            {
                throw new SpecException(error.Problem);
            }
        }
    }
}
