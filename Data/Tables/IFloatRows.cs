namespace Orleans.Tbptt.Data.Tables;

/// <summary>Rows of float32 with random access, read by any number of threads.</summary>
internal interface IFloatRows
{
    /// <summary>Values of a row.</summary>
    int Width { get; }

    /// <summary>Reads rows from <paramref name="row"/> on into <c>[n × Width]</c>.</summary>
    void Read(long row, Span<float> destination);
}
