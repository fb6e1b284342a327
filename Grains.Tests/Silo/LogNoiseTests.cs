using Orleans.Tbptt.Silo.Hosting;
using Serilog.Events;
using Serilog.Parsing;

namespace Orleans.Tbptt.Tests.Silo;

public sealed class LogNoiseTests
{
    private const string Late =
        "Participant check thread has not completed for {TimeSinceLastTick}, potentially indicating lock contention.";

    [Theory]
    [InlineData("Note: ServerGC only kicks in on multi-core systems", true)]
    [InlineData("Note: Silo not running with ServerGC turned on - recommend checking app config", true)]
    [InlineData(".NET Runtime Platform stalled for {TimeSinceLastTick}. Total GC Pause duration", false)]
    [InlineData("Silo 1 is suspected to be dead", false)]
    public void Noise_IsAdviceThatHoldsForEverySilo_AndNothingElse(string template, bool noise) =>
        Assert.Equal(noise, LogNoise.Contains(Warning(template, TimeSpan.FromSeconds(1))));

    [Fact]
    public void Noise_IsAWatchdogThatIsLateByMoreThanTheProcessLives_NotOneThatIsReallyLate()
    {
        Assert.True(LogNoise.IsFirstWatchdogCheck(Warning(Late, TimeSpan.FromHours(1.1)), TimeSpan.FromSeconds(2)));
        Assert.False(LogNoise.IsFirstWatchdogCheck(Warning(Late, TimeSpan.FromSeconds(50)), TimeSpan.FromMinutes(2)));
    }

    private static LogEvent Warning(string template, TimeSpan late) => new(
        TimeProvider.System.GetUtcNow(), LogEventLevel.Warning, null, new MessageTemplateParser().Parse(template),
        [new LogEventProperty("TimeSinceLastTick", new ScalarValue(late))]);
}
