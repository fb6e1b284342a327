using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Grains.Silos;

public sealed class SiloDevicesTests
{
    private static readonly DeviceName First = new("cuda:0"), Second = new("cuda:1");
    private readonly RecordedLog _log = new();

    [Fact]
    public void Gpus_AreLeasedToOneTrainerEach_AndThenShared()
    {
        var devices = Of(DeviceName.Auto, gpus: 2);

        Assert.Equal([First, Second, First], [devices.Take(DeviceName.Auto), devices.Take(DeviceName.Auto), devices.Take(DeviceName.Auto)]);
        devices.GiveBack(First);
        devices.GiveBack(First);

        Assert.Equal(First, devices.Take(DeviceName.Auto));
        Assert.Equal(Second, devices.Take(Second));
        Assert.Equal([(First, 1), (Second, 2)], devices.Leases);
    }

    /// <summary>The CPU is offered only by a silo that chose its GPUs by itself.</summary>
    [Theory]
    [InlineData("auto", 2, "cuda:1", "cpu")]
    [InlineData("auto", 1, "cpu", "cpu")]
    [InlineData("cuda:0", 2, "", "")]
    public void LostDevice_IsNotOfferedAgain_AndSaidOnce(string configured, int gpus, string afterFirst, string afterBoth)
    {
        var devices = Of(new(configured), gpus);
        devices.Lose(new(First, "cuda:0: it fell off the bus"));
        devices.Lose(new(First, "cuda:0: so says another trainer"));

        Assert.Equal(afterFirst, string.Join(' ', devices.Offered));
        var lost = Assert.Throws<DeviceLostException>(() => devices.Take(First));
        Assert.Equal("cuda:0: it fell off the bus", lost.Message);
        string offers = afterFirst.Length > 0 ? afterFirst : "no device";
        Assert.Equal(
            $"Device cuda:0 is lost; this silo offers {offers} from now on, until it is started again with the device in order",
            Assert.Single(_log.Messages));
        devices.Lose(new(Second, "cuda:1: gone"));
        Assert.Equal(afterBoth, string.Join(' ', devices.Offered));
        Assert.Equal([First, Second], devices.Lost);
        if (afterBoth.Length == 0)
            Assert.Throws<DeviceLostException>(() => devices.Take(DeviceName.Auto));
        else
            Assert.Equal(DeviceName.Cpu, devices.Take(DeviceName.Auto));
    }

    private SiloDevices Of(DeviceName configured, int gpus) =>
        new(Options.Create(new TbpttGrainsOptions { Device = configured }), _ => new(gpus), _log);

    private sealed class RecordedLog : ILogger<SiloDevices>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Messages.Add(formatter(state, exception));
    }
}
