using Orleans.Tbptt.Cluster.Exporting;

namespace Orleans.Tbptt.Tests.Cluster.Exporting;

public sealed class ExportersTests
{
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, true, true, "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317")]
    [InlineData(true, false, false, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4317")]
    [InlineData(false, true, false, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://collector:4317")]
    [InlineData(false, false, true, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=http://collector:4317")]
    [InlineData(false, true, true, "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", "OTEL_TRACES_EXPORTER=none")]
    [InlineData(true, true, false, "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", "OTEL_LOGS_EXPORTER=none")]
    [InlineData(true, false, false, "OTEL_TRACES_EXPORTER=otlp")]
    [InlineData(false, false, false, "OTEL_EXPORTER_OTLP_ENDPOINT=")]
    [InlineData(false, false, false, "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", "OTEL_SDK_DISABLED=true")]
    public void Collector_IsSentTo_WhereTheStandardVariablesNameOne(bool traces, bool metrics, bool logs, params string[] variables)
    {
        var set = variables.Select(variable => variable.Split('=', 2)).ToDictionary(pair => pair[0], pair => (string?)pair[1]);

        Assert.Equal(new Exporters(false, traces, metrics, logs), Exporters.Of(console: false, set));
    }

    [Fact]
    public void Console_IsWrittenTo_WhereTheCommandLineSaysSo()
    {
        Assert.Equal(new Exporters(Console: true), Exporters.Of(console: true, new Dictionary<string, string?>()));
        Assert.Equal(new Exporters(), Exporters.Of(console: true, new Dictionary<string, string?> { ["OTEL_SDK_DISABLED"] = "true" }));
    }
}
