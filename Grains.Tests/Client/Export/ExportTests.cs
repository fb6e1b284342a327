using System.Buffers.Binary;
using Google.Protobuf;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Export;
using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Runs;
using ParquetSharp;

namespace Orleans.Tbptt.Tests.Client.Export;

/// <summary>A run's metrics in the formats of other programs, read by something else than what wrote them.</summary>
public sealed class ExportTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly string _to = Directory.CreateTempSubdirectory("tbptt-export").FullName;

    public ExportTests()
    {
        var run = _console.Write(Sample.Status(RunState.Completed));
        RunEvent[] events =
        [
            Sample.Started(), Sample.Step(1, loss: 1.0 / 3) with { StateHash = new(255) },
            Sample.Step(2, loss: double.NaN) with { DifferenceNorm = 2.5 },
            Sample.Epoch(1, 0.75, 0.25, new Metric("validation RMSE", 3.25, "kW, \"peak\"")), Sample.Step(3), Sample.Epoch(2, 0.5),
            new RunTested
            {
                Epoch = 2, Step = 4, Loss = 0.125, HeldOut = new(1, 8, 8), Seconds = 1,
                Metrics = [new("test RMSE", 1.5, "kW", MetricKind.Test, "north", 8)],
            },
            Sample.Ended(RunState.Completed),
        ];
        File.WriteAllLines(run.Metrics, Sample.Lines([.. events.Select((one, i) => one with { Time = Sample.Noon.AddSeconds(i) })]));
    }

    [Fact]
    public async Task Csv_HasATableEach_OfStepsEpochsAndFigures()
    {
        Assert.Equal(0, await _console.RunAsync("export", "wave", "--format", "csv", "--to", _to));

        Assert.Equal(
            """
            number,time,generation,step,epoch,loss,gradientNorm,differenceNorm,learningRate,weight,seconds,stateHash
            2,2026-03-14T12:00:01.0000000+00:00,0,1,1,0.3333333333333333,1,,0.01,200,0.1,00000000000000ff
            3,2026-03-14T12:00:02.0000000+00:00,0,2,1,,1,2.5,0.01,200,0.1,
            5,2026-03-14T12:00:04.0000000+00:00,0,3,2,0.5,1,,0.01,200,0.1,

            """,
            Read("steps.csv"));
        Assert.Equal(
            """
            number,time,generation,epoch,step,loss,validationLoss,seconds
            4,2026-03-14T12:00:03.0000000+00:00,0,1,2,0.75,0.25,1.25
            6,2026-03-14T12:00:05.0000000+00:00,0,2,4,0.5,,1.25

            """,
            Read("epochs.csv"));
        Assert.Equal(
            """"
            epoch,step,name,value,unit,series
            1,2,validation RMSE,3.25,"kW, ""peak""",
            2,4,test loss,0.125,,
            2,4,test RMSE,1.5,kW,north

            """",
            Read("metrics.csv"));
    }

    [Fact]
    public async Task Parquet_HasTheSameTables_ToTheBit()
    {
        Assert.Equal(0, await _console.RunAsync("export", "wave", "--format", "parquet", "--to", _to));

        using var file = new ParquetFileReader(Path.Combine(_to, "steps.parquet"));
        using var group = file.RowGroup(0);
        Assert.Equal(3, group.MetaData.NumRows);
        Assert.Equal([1.0 / 3, double.NaN, 0.5], group.Column(5).LogicalReader<double>().ReadAll(3));
        Assert.Equal([2L, 3, 5], group.Column(0).LogicalReader<long>().ReadAll(3));
        Assert.Equal(Sample.Noon.AddSeconds(1).UtcDateTime, group.Column(1).LogicalReader<DateTime>().ReadAll(3)[0]);
        using var metrics = new ParquetFileReader(Path.Combine(_to, "metrics.parquet"));
        using var rows = metrics.RowGroup(0);
        Assert.Equal(["kW, \"peak\""], rows.Column(4).LogicalReader<string>().ReadAll(1));
    }

    [Fact]
    public void Parquet_HasEveryRow_OfSeveralRowGroups()
    {
        string path = Path.Combine(_to, "steps.parquet");
        int count = ParquetTable<StepCommitted>.Group + 3;
        using (var table = new ParquetTable<StepCommitted>(path, EventColumns.Steps))
        {
            for (int step = 1; step <= count; step++)
                table.Add(Sample.Step(step) with { Time = Sample.Noon });
        }

        using var file = new ParquetFileReader(path);
        Assert.Equal((2, count), (file.FileMetaData.NumRowGroups, file.FileMetaData.NumRows));
        using var last = file.RowGroup(1);
        Assert.Equal([count - 2, count - 1, count], last.Column(3).LogicalReader<long>().ReadAll(3));
    }

    [Fact]
    public async Task TensorBoard_HasScalars_WithChecksumsThatItsReaderAccepts()
    {
        Assert.Equal(0, await _console.RunAsync("export", "wave", "--format", "tensorboard", "--to", _to));

        string path = Assert.Single(Directory.GetFiles(_to));
        Assert.StartsWith("events.out.tfevents.1773489600.wave-1", Path.GetFileName(path), StringComparison.Ordinal);
        var records = Records(File.ReadAllBytes(path)).Select(Event.Of).ToList();
        Assert.Equal("brain.Event:2", records[0].Version);
        Assert.Equal(1_773_489_600.0, records[0].Time);
        Assert.Contains(new Event(1_773_489_601, 1, "", "train/loss", (float)(1.0 / 3)), records);
        Assert.Contains(new Event(1_773_489_602, 2, "", "train/difference norm", 2.5f), records);
        Assert.Contains(new Event(1_773_489_603, 2, "", "epoch/validation RMSE in kW, \"peak\"", 3.25f), records);
        Assert.Contains(new Event(1_773_489_606, 4, "", "test/test RMSE in kW of north", 1.5f), records);
        Assert.DoesNotContain(records, one => one is { Step: 2, Tag: "train/loss" });
    }

    [Fact]
    public void Checksum_IsTheCastagnoliCrc_Masked()
    {
        // The check value of CRC-32C in Williams' catalogue of parametrised CRC algorithms.
        const uint Check = 0xe3069283;

        Assert.Equal(unchecked(((Check >> 15) | (Check << 17)) + 0xa282ead8), EventFile.MaskedCrc("123456789"u8));
    }

    [Fact]
    public async Task ExistingFiles_AreKept_UnlessTheUserSaysOtherwise()
    {
        string steps = Path.Combine(_to, "steps.csv");
        File.WriteAllText(steps, "mine");

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("export", "wave", "--format", "csv", "--to", _to));

        Assert.Contains("steps.csv: found an existing file", _console.Error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(steps));
        Assert.Equal([steps], Directory.GetFileSystemEntries(_to));
        Assert.Equal([_to], Directory.GetDirectories(Path.GetDirectoryName(_to)!, Path.GetFileName(_to) + "*"));
        Assert.Equal(0, await _console.RunAsync("export", "wave", "--format", "csv", "--to", _to, "--force"));
        Assert.StartsWith("number,", Read("steps.csv"), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _console.Dispose();
        Directory.Delete(_to, recursive: true);
    }

    private string Read(string name) => File.ReadAllText(Path.Combine(_to, name));

    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            byte[] data = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            yield return data;
            at += 16 + length;
        }
    }

    /// <summary>CRC-32C bit by bit, with its polynomial reversed.</summary>
    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte one in bytes)
        {
            crc ^= one;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }

        crc = ~crc;
        return unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8);
    }

    /// <summary>TensorFlow's <c>Event</c> with at most one value.</summary>
    private sealed record Event(double Time, long Step, string Version, string Tag, float Value)
    {
        public static Event Of(byte[] message)
        {
            var one = new Event(0, 0, "", "", 0);
            var input = new CodedInputStream(message);
            for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
            {
                one = (tag >> 3) switch
                {
                    1 => one with { Time = input.ReadDouble() },
                    2 => one with { Step = input.ReadInt64() },
                    3 => one with { Version = input.ReadString() },
                    5 => one.WithSummary(new(input.ReadBytes().ToByteArray())),
                    _ => throw new InvalidDataException($"field {tag >> 3}"),
                };
            }

            return one;
        }

        private Event WithSummary(CodedInputStream summary)
        {
            Assert.Equal(1u, summary.ReadTag() >> 3);
            var value = new CodedInputStream(summary.ReadBytes().ToByteArray());
            Assert.Equal(1u, value.ReadTag() >> 3);
            string tag = value.ReadString();
            Assert.Equal(2u, value.ReadTag() >> 3);
            float number = value.ReadFloat();
            Assert.True(value.IsAtEnd && summary.IsAtEnd);
            return this with { Tag = tag, Value = number };
        }
    }
}
